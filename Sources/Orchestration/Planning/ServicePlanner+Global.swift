import ClusterModel

extension ServicePlanner {
  /// One task on every node that may run it. The task names its node from the start; the scheduler still checks that it fits there.
  mutating func planGlobal() {
    for task in tasks.values where task.slot != 0 { retire(task, as: .remove) }
    let byNode = Dictionary(grouping: tasks.values.filter { $0.slot == 0 }, by: \.nodeID)
    for (id, members) in byNode {
      guard let id, nodes[id] != nil else {
        for task in members { retire(task, as: .remove) }
        continue
      }
    }
    var slots: [Slot] = []
    for (id, node) in nodes.nodes.sorted(by: { $0.key < $1.key }) {
      let members = byNode[id] ?? []
      if !rules.allow(node) {
        for task in members { retire(task, as: .shutdown) }
      } else if node.state == .ready || members.contains(where: { $0.desiredState == .running }) {
        slots.append(Slot(0, on: id, members: members))
      }
    }
    advanceRollout(of: slots)
    for slot in slots { fill(slot) }
  }
}
