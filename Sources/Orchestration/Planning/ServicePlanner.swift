package import ClusterModel

/// Compares a service's tasks with its spec: slots become tasks, tasks that cannot go on are replaced, tasks nobody wants are stopped.
///
/// Pure: state in, changes out. It is run again after each change, so every step may be small and only has to lead in the right direction.
package struct ServicePlanner {
  /// How many ended tasks of a slot are kept for people to look at.
  package static let historyLimit = 5

  var service: ClusterService
  let nodes: NodeDirectory
  /// Of the template that the service had when the plan began.
  let rules: PlacementRules
  let now: Timestamp
  let newID: () -> TaskID
  let before: [TaskID: ClusterTask]
  var tasks: [TaskID: ClusterTask]
  var wakeAt: Timestamp?
  /// Slots that come to the service's revision now, of those that have not.
  var turn: Set<Slot.Key> = []
  private let serviceBefore: ClusterService

  init(service: ClusterService, tasks: [ClusterTask], nodes: NodeDirectory, now: Timestamp, newID: @escaping () -> TaskID) {
    self.service = service
    serviceBefore = service
    self.nodes = nodes
    self.now = now
    self.newID = newID
    rules = PlacementRules(service.spec.task.placement)
    before = Dictionary(tasks.map { ($0.id, $0) }) { first, _ in first }
    self.tasks = before
  }

  package static func plan(
    service: ClusterService, tasks: [ClusterTask], nodes: NodeDirectory, now: Timestamp, newID: @escaping () -> TaskID
  ) -> ServicePlan {
    var planner = Self(service: service, tasks: tasks, nodes: nodes, now: now, newID: newID)
    for task in tasks where task.desiredState != .running { planner.retire(task, as: task.desiredState) }
    if service.deleting {
      for task in tasks { planner.retire(task, as: .remove) }
    } else {
      switch service.spec.mode {
      case .replicated(let replicas): planner.planReplicated(replicas)
      case .global: planner.planGlobal()
      }
    }
    return planner.result()
  }

  private func result() -> ServicePlan {
    ServicePlan(
      puts: tasks.values.filter { before[$0.id] != $0 }.sorted { ($0.slot, $0.id) < ($1.slot, $1.id) },
      removals: before.values.filter { tasks[$0.id] == nil }.sorted { $0.id < $1.id },
      service: service == serviceBefore ? nil : service,
      removesService: service.deleting && tasks.isEmpty,
      wakeAt: wakeAt)
  }

  /// Makes one slot (or one node's share of a global service) right: exactly one task meant to run, of the revision that the slot has come to.
  ///
  /// A replacement starts after the task before it has stopped, so the two never run side by side; except for a task that leaves a draining
  /// node, which goes when its successor runs, and for one that a start-first rollout replaces, which goes when its successor has proved itself.
  mutating func fill(_ slot: Slot) {
    lead(slot)
    if let rollout = blueGreen { fill(slot, both: rollout) } else { fill(slot, from: template(for: slot)) }
  }

  mutating func fill(_ slot: Slot, from template: Template) {
    let members = members(of: slot)
    let wanted = members.filter { $0.desiredState == .running }.sorted { left, right in
      let (fits, otherFits) = (left.revision == template.number, right.revision == template.number)
      return fits == otherFits ? isBetter(left, right) : fits
    }
    let leaving = wanted.filter { mayStayForNow($0, template, beside: wanted) }
    let staying = wanted.filter { !mayStayForNow($0, template, beside: wanted) }
    // One that leaves its node, and one that the rollout replaces: the second must not go for the sake of the first.
    let newest = leaving.first { $0.revision == template.number }
    let outdated = leaving.first { $0.revision != template.number }
    let successor = staying.first.flatMap { $0.revision == template.number ? $0 : nil }
    for task in leaving {
      if task == newest || task == outdated { leave(task, to: successor) } else { retire(task, as: .shutdown) }
    }
    for duplicate in staying.dropFirst() { retire(duplicate, as: .shutdown) }
    if let task = staying.first {
      switch verdict(on: task, template, history: members) {
      case .keep: break
      case .replace(let due) where due > now: wakeAt = min(wakeAt ?? due, due)
      case .replace:
        if task.revision != template.number { tasks[task.id]?.supersededBy = template.number }
        retire(task, as: .shutdown)
      }
    }
    let current = members.compactMap { tasks[$0.id] }
    let successors = current.filter { $0.desiredState != .running || !mayStayForNow($0, template, beside: wanted) }
    if !successors.contains(where: { $0.desiredState == .running || isStopping($0) }) { create(slot, template) }
    trimHistory(current)
  }

  /// Makes a task stop. What no worker knows, or no worker is left to confirm, ends at once.
  mutating func retire(_ task: ClusterTask, as desired: ClusterTask.DesiredState) {
    guard var task = tasks[task.id] else { return }
    if task.desiredState == .running { task.retiredAt = now }
    task.desiredState = max(task.desiredState, desired)
    guard let node = task.nodeID, task.isPlaced else {
      tasks[task.id] = nil
      return
    }
    if !nodes.isUp(node), !task.status.state.isTerminal {
      task.status.state = .orphaned
      task.status.message = nodes[node] == nil ? "node \(node) was removed" : "node \(node) is down"
      task.status.since = now
      task.status.nextAttemptAt = nil
    }
    let isForgotten = task.desiredState == .remove && task.status.state.isTerminal
    tasks[task.id] = isForgotten ? nil : task
  }

  private func isStopping(_ task: ClusterTask) -> Bool { task.desiredState != .running && !task.status.state.isTerminal }

  private mutating func create(_ slot: Slot, _ template: Template) {
    var task = ClusterTask(
      id: newID(), serviceID: service.id, serviceName: service.spec.name, slot: slot.key.number, revision: template.number, spec: template.spec)
    task.nodeID = slot.key.node
    task.isStandby = standsBy(template, in: slot)
    task.status = TaskStatus(state: .pending, since: now)
    tasks[task.id] = task
  }

  private mutating func trimHistory(_ members: [ClusterTask]) {
    let ended = members.filter { $0.desiredState == .shutdown && $0.status.state.isTerminal }
    for task in ended.sorted(by: Self.isRetiredLater).dropFirst(Self.historyLimit) { tasks[task.id] = nil }
  }

  /// Which of two of a slot was wanted last, of those that are no more.
  static func isRetiredLater(_ left: ClusterTask, _ right: ClusterTask) -> Bool {
    let (a, b) = (left.retiredAt ?? .epoch, right.retiredAt ?? .epoch)
    return a == b ? isNewer(left, right) : a > b
  }

  static func isNewer(_ left: ClusterTask, _ right: ClusterTask) -> Bool {
    (left.meta.createdAt, left.id) > (right.meta.createdAt, right.id)
  }

  /// The one to keep of two for the same slot: it has not ended, is where it may be, has come further, is older.
  private func isBetter(_ left: ClusterTask, _ right: ClusterTask) -> Bool {
    let (a, b) = (left.status.state, right.status.state)
    if a.isTerminal != b.isTerminal { return b.isTerminal }
    let (mayStay, otherMayStay) = (mayStay(left), mayStay(right))
    if mayStay != otherMayStay { return mayStay }
    if a != b { return a > b }
    return Self.isNewer(right, left)
  }

  private func mayStay(_ task: ClusterTask) -> Bool {
    task.nodeID.map { nodes[$0].map { $0.state == .ready && rules(of: task).allow($0) } ?? false } ?? true
  }

  /// A task may be where its own template says: that a rollout brings other constraints must not take all tasks at once.
  func rules(of task: ClusterTask) -> PlacementRules {
    task.spec.placement == serviceBefore.spec.task.placement ? rules : PlacementRules(task.spec.placement)
  }
}
