package import ClusterModel
package import Logging
import Metrics
import ServiceLifecycle

/// Connects workers with the store: assignments go out as the store changes, reports come in and are stored in batches, and a worker that
/// stays away has its node marked down.
///
/// Who is connected is known here only, never in the store: an idle cluster writes nothing.
package actor Dispatcher {
  let store: ClusterStore
  let clock: any Clock<Duration>
  let downAfter: Duration
  let logger: Logger

  private let sessionCount = Gauge(label: "warren_worker_sessions")
  var sessions: [NodeID: WorkerSession] = [:] {
    didSet { if sessions.count != oldValue.count { sessionCount.record(sessions.count) } }
  }
  /// Nodes whose worker is away, with the number of the absence: a later one has another.
  var absences: [NodeID: UInt64] = [:]
  var reports = ReportQueue()

  private var lastNumber: UInt64 = 0
  private var isStopped = false
  private let events: AsyncStream<Event>
  private let eventSink: AsyncStream<Event>.Continuation

  enum Event: Sendable {
    case sessionEnded(NodeID, number: UInt64)
    case absent(NodeID, number: UInt64, grace: Duration)
  }

  /// - Parameters:
  ///   - clock: for the grace of absent workers.
  ///   - downAfter: how long a worker may be away before its node counts as down.
  package init(store: ClusterStore, clock: any Clock<Duration> = .continuous, downAfter: Duration = .seconds(10), logger: Logger) {
    self.store = store
    self.clock = clock
    self.downAfter = downAfter
    self.logger = logger
    (events, eventSink) = AsyncStream.makeStream()
  }

  /// Registers the node and starts telling its worker what to run: the complete set first, then changes.
  ///
  /// A session the node already has ends: the newer one is the worker's.
  /// - Parameter silence: asked when the session ends: how long nothing had been heard of the worker by then. The grace of its node is
  ///   shorter by that.
  /// - Throws: `invalidArgument` when the node's id or labels are not valid; what storing the node throws.
  package func openSession(
    node: ClusterNode, silence: @escaping @Sendable () -> Duration = { .zero }
  ) async throws -> AsyncThrowingStream<Assignment, any Error> {
    // Marking the node down may have been decided before, and stored after the node was found ready here.
    repeat { try await register(node) } while store.view.node(node.id)?.state == .down
    try checkRunning()
    let number = nextNumber()
    let (stream, continuation) = WorkerSession.Stream.makeStream(bufferingPolicy: .bufferingOldest(WorkerSession.unreadLimit))
    let id = node.id
    let eventSink = eventSink
    continuation.onTermination = { _ in eventSink.yield(.sessionEnded(id, number: number)) }
    var session = WorkerSession(number: number, continuation: continuation, silence: silence)
    session.sendAll(store.view, of: id)
    let older = sessions.updateValue(session, forKey: id)
    absences[id] = nil
    older?.end(WarrenError(.cancelled, "Another session of node \(id) took over. If two machines use this node id, give one another with --node-id."))
    logger.info("session.opened", metadata: ["node": "\(id)", "session": "\(number)"])
    return stream
  }

  /// Takes in what a worker with a session found out about its node since.
  /// - Throws: `failedPrecondition` when the node has no session; what storing the node throws.
  package func update(node: ClusterNode) async throws {
    guard sessions[node.id] != nil else { throw WarrenError(.failedPrecondition, "Node \(node.id) has no session here. Open one.") }
    try await register(node)
  }

  private func register(_ node: ClusterNode) async throws {
    try checkRunning()
    try node.validate()
    try await store.update { transaction in
      let stored = transaction.view.node(node.id)
      if stored == nil, let removed = transaction.view.cluster?.removedKeys, node.keys.contains(where: removed.contains) {
        throw WarrenError(.failedPrecondition, "Node \(node.id) was removed from the cluster. To use it again, join it again.")
      }
      var registered = NodeRegistration.arrived(node, stored: stored)
      registered.meta = stored?.meta ?? Meta()
      if registered != stored { try transaction.put(registered) }
    }
  }

  private func checkRunning() throws(WarrenError) {
    if isStopped { throw WarrenError(.unavailable, "This manager is shutting down. Open a session to another, or try again.") }
  }

  func nextNumber() -> UInt64 {
    lastNumber += 1
    return lastNumber
  }
}

extension Dispatcher: Service {
  /// Serves until cancelled or shut down; sessions end then, and their nodes are not taken for down.
  package func run() async throws {
    await withTaskCancellationOrGracefulShutdownHandler {
      await serve()
    } onCancelOrGracefulShutdown: { [eventSink] in
      eventSink.finish()
    }
  }

  private func serve() async {
    await withDiscardingTaskGroup { group in
      group.addTask { await self.followStore() }
      for await event in events {
        switch event {
        case .sessionEnded(let node, let number): sessionEnded(node, number: number)
        case .absent(let node, let number, let grace):
          group.addTask { await self.waitForReturn(of: node, absence: number, within: grace) }
        }
      }
      stop()
      group.cancelAll()
    }
  }

  private func stop() {
    isStopped = true
    for session in sessions.values {
      session.end(WarrenError(.unavailable, "This manager is shutting down. Open a session to another, or try again."))
    }
    sessions = [:]
  }

  private func sessionEnded(_ node: NodeID, number: UInt64) {
    guard let session = sessions[node], session.number == number else { return }
    sessions[node] = nil
    let silence = session.silence()
    logger.info("session.ended", metadata: ["node": "\(node)", "session": "\(number)", "silent_for": "\(silence)"])
    noteAbsence(of: node, grace: session.isRestarting ? max(downAfter, Self.freshGrace) : max(downAfter - silence, .zero))
  }

  /// Starts the grace of a node without a session.
  func noteAbsence(of node: NodeID, grace: Duration) {
    let number = nextNumber()
    absences[node] = number
    eventSink.yield(.absent(node, number: number, grace: grace))
  }
}
