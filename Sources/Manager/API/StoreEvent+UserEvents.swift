import ClusterModel
import HashTreeCollections
import SwiftProtobuf
import WarrenAPI

extension StoreEvent {
  /// What people are told of these changes.
  var userEvents: [Warren_V1_Event] {
    changes.flatMap { change -> [Warren_V1_Event] in
      switch change {
      case .service(let old, let new): Self.events(of: old, new)
      case .task(let old, let new): Self.events(of: old, new)
      case .node(let old, let new): Self.events(of: old, new)
      case .cluster(nil, let new?): [.make(.cluster, "created", id: new.id.rawValue)]
      case .cluster, .token, .secret, .volume, .request: []
      }
    }.map { event in
      var event = event
      event.at = at.wire
      event.index = index
      return event
    }
  }

  private static func events(of old: ClusterService?, _ new: ClusterService?) -> [Warren_V1_Event] {
    guard let service = new ?? old else { return [] }
    func event(_ action: String, _ message: String = "") -> [Warren_V1_Event] {
      [.make(.service, action, id: service.id.rawValue, name: service.spec.name, message: message)]
    }
    guard let new else { return event("removed") }
    guard let old else { return event("created") }
    if new.deleting, !old.deleting { return event("deleting") }
    var events: [Warren_V1_Event] = []
    if case (.replicated(let before), .replicated(let after)) = (old.spec.mode, new.spec.mode), before != after {
      events += event("scaled", "replicas \(before) → \(after)")
    }
    if new.revision != old.revision {
      let isRollback = new.rollout?.kind == .rollback
      return events + event(isRollback ? "rolling-back" : "updated", "revision \(new.revision)" + (new.rollout.map(\.reasonText) ?? ""))
    }
    if let rollout = new.rollout, rollout.state != old.rollout?.state { events += event("rollout-\(rollout.state)", rollout.message) }
    return events.isEmpty && new.spec != old.spec ? event("updated") : events
  }

  private static func events(of old: ClusterTask?, _ new: ClusterTask?) -> [Warren_V1_Event] {
    guard let new else { return old.map { [.make($0, "removed")] } ?? [] }
    guard let old else { return [.make(new, "created", message: new.status.message)] }
    if (old.status.state, old.status.attempt) == (new.status.state, new.status.attempt) {
      guard let health = new.status.health, let before = old.status.health, health.isReady != before.isReady else { return [] }
      return [.make(new, health.isReady ? "ready" : "not-ready", message: health.output)]
    }
    return [.make(new, "\(new.status.state)", message: new.status.message)]
  }

  private static func events(of old: ClusterNode?, _ new: ClusterNode?) -> [Warren_V1_Event] {
    guard let new else { return old.map { [.make($0, "removed")] } ?? [] }
    guard let old else {
      let problem = new.runtimeProblem
      let degraded: [Warren_V1_Event] = problem.isEmpty ? [] : [.make(new, "degraded", message: problem)]
      return [.make(new, "joined"), .make(new, new.stateAction, message: new.message)] + degraded
    }
    var events: [Warren_V1_Event] = []
    if old.state != new.state { events.append(.make(new, new.stateAction, message: new.message)) }
    if old.runtimeProblem.isEmpty != new.runtimeProblem.isEmpty {
      events.append(.make(new, new.runtimeProblem.isEmpty ? "recovered" : "degraded", message: new.runtimeProblem))
    }
    if old.availability != new.availability { events.append(.make(new, new.availability == .drain ? "draining" : "activated")) }
    return events
  }
}

extension StoreView {
  /// The past as far as the objects still tell, oldest first: when they were made, and how they came to be as they are.
  var rememberedEvents: [Warren_V1_Event] {
    var events: [(at: Timestamp, event: Warren_V1_Event)] = []
    for service in services {
      let (id, name) = (service.id.rawValue, service.spec.name)
      events.append((service.meta.createdAt, .make(.service, "created", id: id, name: name)))
      guard service.meta.updatedAt != service.meta.createdAt else { continue }
      events.append(
        (service.meta.updatedAt, .make(.service, service.deleting ? "deleting" : "updated", id: id, name: name, index: service.meta.version)))
    }
    for task in tasks {
      events.append((task.meta.createdAt, .make(task, "created")))
      if task.status.state == .pending { continue }
      let since = task.status.since == .epoch ? task.meta.updatedAt : task.status.since
      events.append((since, .make(task, "\(task.status.state)", message: task.status.message, index: task.meta.version)))
    }
    for node in nodes {
      events.append((node.meta.createdAt, .make(node, "joined")))
      events.append((node.meta.updatedAt, .make(node, node.stateAction, message: node.message, index: node.meta.version)))
    }
    return events.sorted { ($0.at, $0.event.id) < ($1.at, $1.event.id) }.map { entry in
      var event = entry.event
      event.at = entry.at.wire
      return event
    }
  }
}

extension Warren_V1_Event {
  fileprivate static func make(
    _ kind: Warren_V1_ObjectKind, _ action: String, id: String, name: String = "", message: String = "", index: UInt64 = 0
  ) -> Self {
    .with {
      $0.kind = kind
      $0.action = action
      $0.id = id
      $0.name = name
      $0.message = message
      $0.index = index
    }
  }

  fileprivate static func make(_ task: ClusterTask, _ action: String, message: String = "", index: UInt64 = 0) -> Self {
    var event = make(.task, action, id: task.id.rawValue, name: task.displayName, message: message, index: index)
    event.nodeID = task.nodeID?.rawValue ?? ""
    return event
  }

  fileprivate static func make(_ node: ClusterNode, _ action: String, message: String = "", index: UInt64 = 0) -> Self {
    var event = make(.node, action, id: node.id.rawValue, name: node.description.hostname, message: message, index: index)
    event.nodeID = node.id.rawValue
    return event
  }
}

extension ClusterNode {
  fileprivate var stateAction: String { state == .ready ? "up" : "down" }
}

extension Rollout {
  fileprivate var reasonText: String { message.isEmpty ? "" : ": \(message)" }
}
