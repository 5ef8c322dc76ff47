import ClusterModel
import GRPCCore
import NIOConcurrencyHelpers
import SwiftProtobuf
import WarrenAPI

/// The manager's end of one worker's session, from the worker's first message to the end.
struct HostedSession: Sendable {
  typealias Messages = RPCAsyncSequence<Warren_V1_WorkerMessage, any Error>

  private let dispatcher: Dispatcher
  private let workers: ConnectedWorkers
  private let managers: ManagerListFeed
  private let timing: SessionTiming
  private let clock: any Clock<Duration>
  private let peer: NodeID
  private let response: RPCWriter<Warren_V1_ManagerMessage>
  private let gate: NIOLockedValueBox<SessionGate>

  init(of peer: NodeID, at service: WorkerSessionService, response: RPCWriter<Warren_V1_ManagerMessage>) throws {
    self.peer = peer
    self.response = response
    dispatcher = try service.dispatcher()
    workers = service.workers
    managers = service.managers
    timing = service.timing
    clock = service.clock
    gate = NIOLockedValueBox(SessionGate(peer: peer, timing: service.timing))
  }

  /// - Throws: why the session is over, unless the worker ended it.
  func run(_ messages: Messages) async throws {
    try await withThrowingTaskGroup(of: Void.self) { group in
      defer { group.cancelAll() }
      // From the first moment: a worker that waits to be registered knows by this that the manager lives.
      group.addTask { try await beat() }
      group.addTask { try await watch() }
      group.addTask { try await converse(SerialIterator(messages.makeAsyncIterator())) }
      try await group.next()
    }
  }

  private func beat() async throws {
    while true {
      try await response.write(.with { $0.heartbeat = .init() })
      try await clock.sleep(for: timing.managerInterval)
    }
  }

  /// Apart from `beat()`, which waits while the worker does not read.
  private func watch() async throws {
    while true {
      try await clock.sleep(for: timing.managerInterval)
      try gate.withLockedValue { try $0.tick() }
    }
  }

  private func converse(_ messages: SerialIterator<Messages>) async throws {
    guard let first = try await messages.next(), case .open(let node) = try take(first) else {
      throw WarrenError(.invalidArgument, "the session of node \(peer) does not begin with open; send it first")
    }
    let session = workers.newSession()
    let assignments = try await dispatcher.openSession(node: withoutClaims(node), silence: { [gate] in gate.withLockedValue { $0.silence } })
    try await response.write(
      .with {
        $0.opened.workerInterval = timing.workerInterval.wire
        $0.opened.managerInterval = timing.managerInterval.wire
        $0.opened.founder = dispatcher.store.view.cluster?.founder ?? 0
      })
    let (requests, queue) = AsyncStream<(SessionGate.Request, UInt64)>.makeStream()
    try await withThrowingTaskGroup(of: Void.self) { group in
      defer { group.cancelAll() }
      group.addTask {
        while let message = try await messages.next() {
          // The gate lets only a few requests wait here.
          if case .request(let request, let number) = try take(message) { queue.yield((request, number)) }
        }
      }
      group.addTask {
        for try await assignment in assignments {
          for part in try assignment.wire() { try await response.write(.with { $0.assignment = part }) }
        }
      }
      group.addTask { for await (request, number) in requests { try await answer(request, number) } }
      group.addTask { for await message in workers.connect(peer, session: session) { try await response.write(message) } }
      group.addTask {
        for await list in managers.lists() { try await response.write(.with { $0.managers.managers = list.map(\.wire) }) }
      }
      // The first to end ends all; only the worker and the dispatcher end by themselves.
      try await group.next()
    }
  }

  /// Whether a node is a manager, the store says; one that it does not have is none.
  private func withoutClaims(_ node: ClusterNode) -> ClusterNode {
    guard dispatcher.store.view.node(node.id) == nil else { return node }
    var node = node
    node.roles.remove(.manager)
    node.memberID = 0
    return node
  }

  private func take(_ message: Warren_V1_WorkerMessage) throws(WarrenError) -> SessionGate.Action {
    let taken: Result<SessionGate.Action, WarrenError> = gate.withLockedValue { gate in
      do throws(WarrenError) { return .success(try gate.take(message)) } catch { return .failure(error) }
    }
    return try taken.get()
  }

  private func answer(_ request: SessionGate.Request, _ number: UInt64) async throws {
    var answer = Warren_V1_Answer.with { $0.number = number }
    do {
      switch request {
      case .update(let node): try await dispatcher.update(node: withoutClaims(node))
      case .report(let updates): try await dispatcher.report(node: peer, updates)
      case .invalid(let error): throw error
      }
    } catch {
      try Task.checkCancellation()
      answer.error = Warren_V1_SessionError(error)
    }
    gate.withLockedValue { $0.answered() }
    try await response.write(.with { $0.answer = answer })
  }
}
