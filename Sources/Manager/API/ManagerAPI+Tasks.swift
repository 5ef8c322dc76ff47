import ClusterModel
package import GRPCCore
import SwiftProtobuf
package import WarrenAPI

extension ManagerAPI {
  package func listTasks(request: Warren_V1_ListTasksRequest, context: ServerContext) async throws -> Warren_V1_ListTasksResponse {
    let own = try AuthorizedCall.ownNode()
    if let own, !request.nodeID.isEmpty, request.nodeID != own.rawValue { throw Self.notOwn("tasks of node \(request.nodeID)", own) }
    let view = try await currentView()
    var tasks = request.service.isEmpty ? Array(view.tasks) : view.tasks(ofService: try view.findService(request.service).id)
    if let own { tasks.removeAll { $0.nodeID != own } }
    if !request.nodeID.isEmpty {
      let node = try view.findNode(request.nodeID)
      tasks.removeAll { $0.nodeID != node.id }
    }
    if request.currentOnly { tasks.removeAll { $0.desiredState != .running } }
    let (page, next) = try Pager(request.page).page(tasks, by: \.listingKey, wire: \.wire)
    return .with {
      $0.tasks = page
      $0.nextPageToken = next
    }
  }

  package func getTask(request: Warren_V1_GetTaskRequest, context: ServerContext) async throws -> Warren_V1_GetTaskResponse {
    let own = try AuthorizedCall.ownNode()
    let view = try await currentView()
    guard let own else {
      let task = try view.findTask(request.id)
      return .with { $0.task = task.wire }
    }
    // The same answer for one that is another's and for one that is not.
    guard let task = view.task(TaskID(request.id)), task.nodeID == own else { throw Self.notOwn("task \(request.id.quoted)", own) }
    return .with { $0.task = task.wire }
  }

  /// Ends without an error only when the one service that was asked for is gone.
  package func watchTasks(
    request: Warren_V1_WatchTasksRequest, response: RPCWriter<Warren_V1_WatchTasksResponse>, context: ServerContext
  ) async throws {
    let own = try AuthorizedCall.ownNode()
    _ = try await log.readBarrier()
    try await context.whileConnected {
      let (view, changes) = store.watch()
      let service = request.service.isEmpty ? nil : try view.findService(request.service).id
      let isSeen: @Sendable (ClusterTask) -> Bool = { own == nil || $0.nodeID == own }
      do {
        let tasks = service.map { view.tasks(ofService: $0) } ?? Array(view.tasks)
        _ = consume view
        for task in tasks.filter(isSeen).sorted(by: { $0.listingKey < $1.listingKey }) { try await response.write(.init(.updated, task)) }
      }
      try await response.write(.with { $0.kind = .synced })
      for try await event in changes {
        for change in event.changes {
          switch change {
          case .task(let old, let new):
            guard let task = new ?? old, service == nil || task.serviceID == service, isSeen(task) else { continue }
            try await response.write(.init(new == nil ? .removed : .updated, task))
          case .service(let old?, nil) where old.id == service:
            return
          default: continue
          }
        }
      }
      throw Self.stopping
    }
  }

  private static func notOwn(_ what: String, _ own: NodeID) -> WarrenError {
    WarrenError(.permissionDenied, "\(what.prefix(200)) is not of node \(own); a node may see its own tasks only; ask as an administrator")
  }

  static let stopping = WarrenError(.unavailable, "the manager is stopping; the stream cannot go on; connect again")
}

extension Warren_V1_WatchTasksResponse {
  init(_ kind: Kind, _ task: ClusterTask) {
    self.init()
    self.kind = kind
    self.task = task.wire
  }
}

extension ClusterTask {
  /// By service, then slot, then id; no part of it ever changes.
  var listingKey: String {
    let digits = String(slot)
    return "\(serviceName) \(serviceID) \(String(repeating: "0", count: max(0, 10 - digits.count)))\(digits) \(id)"
  }
}
