import ClusterModel
package import GRPCCore
package import WarrenAPI

extension ManagerAPI {
  /// One task's lines as its node has them; or those of all tasks of a service: what is there in the order of time, then, with `follow`,
  /// what comes, also from tasks that start later.
  package func serviceLogs(
    request: Warren_V1_ServiceLogsRequest, response: RPCWriter<Warren_V1_LogEntry>, context: ServerContext
  ) async throws {
    if request.task.isEmpty == request.service.isEmpty {
      throw WarrenError(.invalidArgument, "it is not clear whose logs are meant; exactly one of task and service is needed; give one of the two")
    }
    let query = LogQuery(
      follow: request.follow, tail: request.hasTail ? Int(request.tail) : nil, since: request.hasSince ? Timestamp(wire: request.since) : nil)
    _ = try await log.readBarrier()
    try await context.whileConnected {
      let (view, changes) = store.watch()
      if request.service.isEmpty {
        let task = try view.findTask(request.task)
        return try await send(task, query, to: response)
      }
      let service = try view.findService(request.service)
      let tasks = view.tasks(ofService: service.id).filter(\.mayHaveLogs).sorted { $0.listingKey < $1.listingKey }
      _ = consume view
      let last = try await sendHistory(of: tasks, query, to: response)
      if query.follow { try await follow(service, tasks, after: last, query, changes, to: response) }
    }
  }

  private func lines(of task: ClusterTask, _ query: LogQuery) async throws -> AsyncThrowingStream<LogLine, any Error> {
    guard let node = task.nodeID else {
      throw WarrenError(
        .failedPrecondition, "task \(task.displayName) has no logs; it was not placed on a node yet; see: warren task inspect \(task.id)")
    }
    return try await operations(on: node, for: "the log of \(task.displayName)").logs(of: task.id, query)
  }

  private func send(_ task: ClusterTask, _ query: LogQuery, after last: Timestamp? = nil, to response: RPCWriter<Warren_V1_LogEntry>) async throws {
    for try await line in try await lines(of: task, query) {
      if let last, line.at <= last { continue }
      try await response.write(line.wire(of: task))
    }
  }

  /// Returns the time of each task's last line.
  private func sendHistory(
    of tasks: [ClusterTask], _ query: LogQuery, to response: RPCWriter<Warren_V1_LogEntry>
  ) async throws -> [TaskID: Timestamp] {
    var merge = LogMerge()
    var past = query
    past.follow = false
    for task in tasks {
      // The node may have thrown away what an old task wrote.
      guard let lines = try await unlessMissing({ try await lines(of: task, past) }) else { continue }
      try await merge.add(task, lines)
    }
    var last: [TaskID: Timestamp] = [:]
    while let (task, line) = try await merge.next() {
      try await response.write(line.wire(of: task))
      last[task.id] = line.at
    }
    return last
  }

  /// Until the service and its tasks are gone.
  private func follow(
    _ service: ClusterService, _ tasks: [ClusterTask], after last: [TaskID: Timestamp], _ query: LogQuery, _ changes: StoreWatch,
    to response: RPCWriter<Warren_V1_LogEntry>
  ) async throws {
    try await withThrowingTaskGroup(of: Void.self) { group in
      func start(_ task: ClusterTask) {
        let last = last[task.id]
        let query = LogQuery(follow: true, since: last ?? query.since)
        group.addTask {
          do { _ = try await unlessMissing { try await send(task, query, after: last, to: response) } } catch {
            // Ends the loop below too, and with it the call: one task's lines must not stay away without a word.
            changes.finish(throwing: error)
            throw error
          }
        }
      }
      var started = Set(tasks.map(\.id))
      for task in tasks where !task.status.state.isTerminal { start(task) }
      for try await event in changes {
        for change in event.changes {
          switch change {
          case .task(_, let task?) where task.serviceID == service.id && task.mayHaveLogs && started.insert(task.id).inserted: start(task)
          case .service(let old?, nil) where old.id == service.id: return try await group.waitForAll()
          default: continue
          }
        }
      }
      throw Self.stopping
    }
  }

  private func unlessMissing<Result>(_ body: () async throws -> Result) async throws -> Result? {
    do { return try await body() } catch let error as WarrenError where error.code == .notFound { return nil }
  }
}

extension ClusterTask {
  /// Whether its container has been started at least once.
  fileprivate var mayHaveLogs: Bool { nodeID != nil && (status.state >= .running || status.attempt > 0) }
}
