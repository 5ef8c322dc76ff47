import ClusterModel
import SimulationEngine

/// A slot, or one node's share of a global service.
struct SlotKey: Hashable {
  var number: Int
  var node: NodeID?

  init(_ task: ClusterTask) {
    number = task.slot
    node = task.slot > 0 ? nil : task.nodeID
  }
}

/// What one transaction of the loops did to one service.
struct JudgedStep {
  struct Slot {
    var before: [ClusterTask] = []
    var after: [ClusterTask] = []
  }

  let service: ClusterService
  let tasks: [ClusterTask]
  /// Afterwards.
  let next: ClusterService
  let nextTasks: [ClusterTask]
  let nodes: [ClusterNode]
  /// Whether everything that was planned for the service is stored.
  let isWhole: Bool
  let now: VirtualTime
  let time: Timestamp
  let slots: [(key: SlotKey, slot: Slot)]

  init(
    service: ClusterService, tasks: [ClusterTask], next: ClusterService, nextTasks: [ClusterTask], nodes: [ClusterNode], isWhole: Bool,
    now: VirtualTime, time: Timestamp
  ) {
    (self.service, self.tasks, self.next, self.nextTasks) = (service, tasks, next, nextTasks)
    (self.nodes, self.isWhole, self.now, self.time) = (nodes, isWhole, now, time)
    var slots: [SlotKey: Slot] = [:]
    for task in tasks { slots[SlotKey(task), default: Slot()].before.append(task) }
    for task in nextTasks { slots[SlotKey(task), default: Slot()].after.append(task) }
    self.slots = slots.map { ($0.key, $0.value) }.sorted {
      ($0.key.number, $0.key.node?.rawValue ?? "") < ($1.key.number, $1.key.node?.rawValue ?? "")
    }
  }

  var changesNothing: Bool { service == next && tasks == nextTasks }
  var isStartFirst: Bool { next.spec.order(of: next.rolloutPolicy).order == .startFirst }

  /// How many slots the service has, by the spec and the nodes.
  var slotCount: Int { slotCount(of: next) }

  func slotCount(of service: ClusterService) -> Int {
    switch service.spec.mode {
    case .replicated(let replicas): return replicas
    case .global:
      let held = Set(tasks.filter { $0.desiredState == .running }.compactMap(\.nodeID))
      return nodes.filter { $0.availability == .active && Self.allows($0, service.spec.task) && ($0.state == .ready || held.contains($0.id)) }.count
    }
  }

  /// Slots that are to go and count no more, which a step that was cut off may have left.
  var slotsLeft: Int { isWhole ? 0 : max(0, slots.count - slotCount) }

  func node(_ task: ClusterTask) -> ClusterNode? { nodes.first { $0.id == task.nodeID } }

  /// Whether its node can be heard of and has it.
  func isThere(_ task: ClusterTask) -> Bool { !task.status.state.isTerminal && (task.nodeID == nil || node(task)?.state == .ready) }

  /// Whether people are served by the task.
  func serves(_ task: ClusterTask) -> Bool {
    task.desiredState == .running && task.status.isServing && !task.isStandby && node(task)?.state == .ready
  }

  /// The blue-green rollout that is under way.
  var blueGreen: Rollout? { next.isRolling ? next.rollout.flatMap { $0.isBlueGreen ? $0 : nil } : nil }

  /// Whether its place takes the task away, whatever a rollout does.
  func isForfeit(_ task: ClusterTask) -> Bool {
    guard let node = node(task), node.state == .ready, Self.allows(node, task.spec) else { return true }
    if task.slot == 0, !Self.allows(node, next.spec.task) { return true }
    return node.availability == .drain && (task.slot == 0 || node.drainDeadline.map { $0 <= time } ?? true)
  }

  /// Whether the rollout is through with the slot: its new task has proved itself, or has failed and is tolerated.
  func isSettled(_ slot: Slot) -> Bool {
    // One that was refused by its platform is replaced at once.
    (slot.after + slot.before).contains { task in
      guard task.desiredState == .running, task.revision == next.revision else { return false }
      return task.provenAt != nil || task.status.state.isTerminal || next.rollout?.failedTasks.contains(task.id) == true
    }
  }

  /// By scaling, or with its node.
  func isGone(_ key: SlotKey, _ slot: Slot) -> Bool {
    if let id = key.node { return nodes.first { $0.id == id && $0.availability == .active && Self.allows($0, next.spec.task) }?.state != .ready }
    return slot.after.allSatisfy { $0.desiredState == .remove }
  }

  func isDraining(_ task: ClusterTask) -> Bool { node(task)?.availability == .drain }

  static func allows(_ node: ClusterNode, _ spec: TaskSpec) -> Bool {
    spec.placement.constraints.allSatisfy { (try? Constraint(parsing: $0).matches(node)) ?? false }
  }
}
