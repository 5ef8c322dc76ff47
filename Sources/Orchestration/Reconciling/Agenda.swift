package import ClusterModel

/// What the control loops still have to look at.
package struct Agenda {
  private var everything = true
  private var services: Set<ServiceID> = []
  /// Capacity may have become free, or nodes may have changed: pending tasks are worth another try.
  private var placement = true
  private var wakes: [ServiceID: Timestamp] = [:]
  private var placementWake: Timestamp?
  /// Tasks there go when others run in their place.
  private var isDraining = false
  /// Services whose rollout looks at what becomes of each task.
  private var rolling: Set<ServiceID> = []
  /// Services that get their first tasks when others are up.
  private var waiting: Set<ServiceID> = []

  /// When something is due though nothing happens in between.
  package var nextWake: Timestamp? { [wakes.values.min(), placementWake].compactMap(\.self).min() }

  package init() {}

  /// The beginning, from a view: all that changes afterwards is noted.
  package mutating func begin(with nodes: some Sequence<ClusterNode>, _ services: some Sequence<ClusterService>) {
    rolling = Set(services.lazy.filter(\.isRolling).map(\.id))
    waiting = Set(services.lazy.filter(\.waitsToStart).map(\.id))
    isDraining = nodes.contains { $0.availability == .drain }
    addEverything()
  }

  package mutating func addEverything() {
    everything = true
    placement = true
  }

  package mutating func wake(_ service: ServiceID, at time: Timestamp?) { wakes[service] = time }
  package mutating func wakePlacement(at time: Timestamp) { placementWake = time }

  package mutating func note(node old: ClusterNode?, _ new: ClusterNode?) {
    if new?.availability == .drain { isDraining = true }
    if old.map(NodeFacts.init) != new.map(NodeFacts.init) { addEverything() }
  }

  package mutating func note(service old: ClusterService?, _ new: ClusterService?) {
    if let new {
      if new.isRolling { rolling.insert(new.id) } else { rolling.remove(new.id) }
      if old?.rollout?.state != new.rollout?.state || old?.spec != new.spec || old?.revision != new.revision || old?.deleting != new.deleting
        || old?.waitsToStart != new.waitsToStart
      {
        services.insert(new.id)
        services.formUnion(waiting)
      }
      if new.waitsToStart { waiting.insert(new.id) } else { waiting.remove(new.id) }
    } else if let old {
      services.remove(old.id)
      rolling.remove(old.id)
      waiting.remove(old.id)
      wakes[old.id] = nil
      services.formUnion(waiting)
    }
  }

  /// Most reports only say that a task gets on; those need nobody's attention.
  package mutating func note(task old: ClusterTask?, _ new: ClusterTask?) {
    guard let task = new ?? old else { return }
    let ended = new.map { $0.status.state.isTerminal && old?.status.state.isTerminal != true } ?? true
    let takesOver = isDraining && new?.status.isUp == true && old?.status.isUp != true
    let isWatched = rolling.contains(task.serviceID) && (old?.progress != new?.progress)
    if ended || takesOver || isWatched || (old != nil && old?.desiredState != new?.desiredState) { services.insert(task.serviceID) }
    // Only what is looked at, so that no report wakes them for nothing.
    if !waiting.isEmpty, old?.standing != new?.standing { services.formUnion(waiting) }
    if ended { placement = true }
    if let new, old == nil, new.status.state == .pending { placement = true }
  }

  /// Hands out the work that is due and forgets it.
  package mutating func take(now: Timestamp, all: () -> [ServiceID]) -> (services: [ServiceID], placement: Bool) {
    let due = wakes.filter { $0.value <= now }.map(\.key)
    for service in due { wakes[service] = nil }
    if let time = placementWake, time <= now {
      placementWake = nil
      placement = true
    }
    let result = everything ? all() : Array(services.union(due))
    defer {
      everything = false
      services = []
      placement = false
    }
    return (result.sorted(), placement)
  }
}

/// What orchestration and scheduling look at in a node.
private struct NodeFacts: Equatable {
  let id: NodeID
  let roles: Set<ClusterNode.Role>
  let labels: [String: String]
  let availability: ClusterNode.Availability
  let drainDeadline: Timestamp?
  let state: ClusterNode.State
  let runtimeProblem: String
  let description: NodeDescription

  init(_ node: ClusterNode) {
    id = node.id
    roles = node.roles
    labels = node.labels
    availability = node.availability
    drainDeadline = node.drainDeadline
    state = node.state
    runtimeProblem = node.runtimeProblem
    description = node.description
  }
}

extension ClusterTask {
  /// What a rollout looks at.
  fileprivate var progress: [Int] { [Int(status.state.rawValue), status.attempt, status.isUp ? 1 : 0, status.isStandby ? 1 : 0] }

  /// What those look at that start after its service.
  fileprivate var standing: [Bool] { [desiredState == .running, hasStarted] }
}
