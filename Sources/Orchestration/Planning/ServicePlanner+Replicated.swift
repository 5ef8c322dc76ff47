import ClusterModel

extension ServicePlanner {
  /// Slots to tasks. A slot whose task is being replaced keeps its number; scaling down gives up the slots that run least well first,
  /// the highest numbers among equals; scaling up takes the lowest free numbers.
  mutating func planReplicated(_ replicas: Int) {
    for task in tasks.values where task.slot < 1 { retire(task, as: .remove) }
    let bySlot = Dictionary(grouping: tasks.values.filter { $0.slot > 0 }, by: \.slot)
    let owned = bySlot.filter { $0.value.contains { $0.desiredState != .remove } }
    var kept = Set(owned.keys)

    if kept.count > replicas {
      let order = owned.map { (fitness: Self.fitness($0.value), slot: $0.key) }.sorted { ($0.fitness, -$0.slot) < ($1.fitness, -$1.slot) }
      for (_, slot) in order.prefix(kept.count - replicas) {
        kept.remove(slot)
        for task in bySlot[slot] ?? [] { retire(task, as: .remove) }
      }
    }
    var next = 1
    while kept.count < replicas {
      kept.insert(next)
      next += 1
    }
    let slots = kept.sorted().map { Slot($0, members: bySlot[$0] ?? []) }
    advanceRollout(of: slots)
    for slot in slots { fill(slot) }
  }

  /// How much would be lost with the slot: nothing runs or it gave up, it has no place yet, it is on its way, it runs.
  private static func fitness(_ members: [ClusterTask]) -> Int {
    members.filter { $0.desiredState == .running }.map { task in
      switch task.status.state {
      case .running: task.status.isUp ? 3 : 2
      case .assigned, .waiting, .preparing, .starting, .stopping: 2
      case .pending: 1
      case .complete, .failed, .rejected, .shutdown, .orphaned: 0
      }
    }.max() ?? 0
  }
}
