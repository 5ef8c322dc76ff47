import ClusterModel
import GRPCCore
import GRPCNIOTransportHTTP2Posix
import GRPCSupport
import NIOConcurrencyHelpers
import SwiftProtobuf
import WarrenAPI

/// The worker's end of a session to one manager, from the dial to the end.
final class ManagerLink: Sendable {
  typealias Stub = Warren_V1_WorkerSessions.Client<HTTP2ClientTransport.Posix>
  typealias Assignments = AsyncThrowingStream<Assignment, any Error>

  private struct State {
    var pulse = LinkPulse()
    var assembly = AssignmentAssembly()
    var isOpen = false
    var founder: UInt64 = 0
    var opening: CheckedContinuation<Void, any Error>?
    var end: (any Error)?
    var lastNumber: UInt64 = 0
    /// Requests that are not answered yet.
    var waiting: [UInt64: CheckedContinuation<Void, any Error>] = [:]
    /// Operations that the manager has not said to be over.
    var operations: [UInt64: AsyncStream<Never>.Continuation] = [:]
  }

  let address: String
  var isOver: Bool { state.withLockedValue { $0.end != nil } }
  /// Which group of managers the other side is of, once it is open; it grows when the cluster is recovered without some.
  var founder: UInt64 { state.withLockedValue { $0.founder } }
  var silence: Duration { state.withLockedValue { $0.pulse.silence } }
  /// For one reader; the session ends with it.
  let assignments: Assignments
  private let assignmentSink: Assignments.Continuation
  private let outgoing: AsyncStream<Warren_V1_WorkerMessage>
  private let outgoingSink: AsyncStream<Warren_V1_WorkerMessage>.Continuation
  private let clock: any Clock<Duration>
  private let operations: OperationServer
  private let learned: @Sendable ([ManagerAddress]) async -> Void
  private let state = NIOLockedValueBox(State())

  /// - Parameter learned: told which managers there are, whenever that changes.
  init(
    to address: String, as node: ClusterNode, operations: OperationServer, clock: any Clock<Duration>,
    learned: @escaping @Sendable ([ManagerAddress]) async -> Void
  ) {
    self.address = address
    self.operations = operations
    self.clock = clock
    self.learned = learned
    (assignments, assignmentSink) = Assignments.makeStream()
    (outgoing, outgoingSink) = AsyncStream.makeStream()
    outgoingSink.yield(.with { $0.open.node = node.wire })
  }

  /// Holds the session until it is over, for whatever reason, or the task is cancelled.
  func run(_ dial: @Sendable (String) throws -> HTTP2ClientTransport.Posix) async {
    do {
      let client = GRPCClient(transport: try dial(address))
      try await client.whileConnected {
        try await withThrowingTaskGroup(of: Void.self) { group in
          group.addTask { try await self.converse(Stub(wrapping: client)) }
          group.addTask { try await self.watch() }
          // Said before the others have ended: closing a connection to a manager that is gone may take its time.
          do { try await group.next() } catch { end(error) }
          end(nil)
          // Not for long, either: nobody waits for an answer any more.
          throw CancellationError()
        }
      }
    } catch {
      end(error)
    }
  }

  private func converse(_ stub: Stub) async throws {
    do {
      try await stub.session { [outgoing] writer in
        for await message in outgoing { try await writer.write(message) }
      } onResponse: { response in
        try await withThrowingDiscardingTaskGroup { group in
          for try await message in response.messages {
            guard let (start, over) = try await self.take(message) else { continue }
            group.addTask { await self.operations.perform(start, over: over, stub) }
          }
          group.cancelAll()
        }
      }
    } catch let error as RPCError {
      throw WarrenError(error)
    }
  }

  private func watch() async throws {
    while true {
      try await clock.sleep(for: state.withLockedValue { $0.pulse.interval })
      switch state.withLockedValue({ $0.pulse.tick() }) {
      case .nothing: continue
      case .heartbeat: outgoingSink.yield(.with { $0.heartbeat = .init() })
      case .lost(let why): throw WarrenError(.unavailable, "the manager at \(address) is gone; \(why); another is tried")
      }
    }
  }
}

extension ManagerLink {
  /// Returns an operation that is to be started, and a stream that ends when it is over.
  private func take(_ message: Warren_V1_ManagerMessage) async throws -> (Warren_V1_OperationStart, AsyncStream<Never>)? {
    state.withLockedValue { $0.pulse.heard() }
    switch message.message {
    case .opened(let opened): wasOpened(opened)
    case .assignment(let part): if let assignment = try assembled(part) { assignmentSink.yield(assignment) }
    case .answer(let answer): answered(answer.number, answer.hasError ? WarrenError(wire: answer.error) : nil)
    case .managers(let list): await learned(list.managers.map { ManagerAddress(wire: $0) })
    case .operation(let start):
      let (over, sink) = AsyncStream<Never>.makeStream()
      state.withLockedValue { $0.operations[start.number] = sink }
      return (start, over)
    case .over(let operation): state.withLockedValue { $0.operations.removeValue(forKey: operation.number) }?.finish()
    // A message of a later version means nothing here.
    case .heartbeat, nil: break
    }
    return nil
  }

  private func wasOpened(_ opened: Warren_V1_SessionOpened) {
    let opening = state.withLockedValue { state in
      state.pulse.opened(workerInterval: Duration(wire: opened.workerInterval), managerInterval: Duration(wire: opened.managerInterval))
      state.isOpen = true
      state.founder = opened.founder
      defer { state.opening = nil }
      return state.opening
    }
    opening?.resume()
  }

  private func assembled(_ part: Warren_V1_AssignmentPart) throws -> Assignment? {
    try state.withLockedValue { try $0.assembly.add(part) }
  }

  private func answered(_ number: UInt64, _ error: (any Error)?) {
    let continuation = state.withLockedValue { $0.waiting.removeValue(forKey: number) }
    continuation?.resume(with: error.map { Result<Void, any Error>.failure($0) } ?? .success(()))
  }

  /// Waits until the manager has registered the node.
  /// - Throws: why it did not.
  func opened() async throws {
    try await withCheckedThrowingContinuation { continuation in
      let known: Result<Void, any Error>? = state.withLockedValue { state in
        if let end = state.end { return .failure(end) }
        if state.isOpen { return .success(()) }
        state.opening = continuation
        return nil
      }
      if let known { continuation.resume(with: known) }
    }
  }

  /// Asks for something, and waits until the manager says that it is done.
  /// - Parameter message: makes the message with the number that it gets.
  func request(_ message: @Sendable (UInt64) -> Warren_V1_WorkerMessage) async throws {
    let number = state.withLockedValue { state in
      state.lastNumber += 1
      return state.lastNumber
    }
    try await withTaskCancellationHandler {
      try await withCheckedThrowingContinuation { continuation in
        let end = state.withLockedValue { state in
          if state.end == nil { state.waiting[number] = continuation }
          return state.end
        }
        if let end { return continuation.resume(throwing: end) }
        if Task.isCancelled { return answered(number, CancellationError()) }
        outgoingSink.yield(message(number))
      }
    } onCancel: {
      answered(number, CancellationError())
    }
  }

  /// The session is over; the first reason counts.
  func end(_ reason: (any Error)?) {
    let reason = reason ?? WarrenError(.unavailable, "the manager at \(address) ended the session; another is tried")
    let ended = state.withLockedValue { state -> State in
      if state.end != nil { return State() }
      let ended = state
      state.end = reason
      (state.opening, state.waiting, state.operations) = (nil, [:], [:])
      return ended
    }
    ended.opening?.resume(throwing: reason)
    for continuation in ended.waiting.values { continuation.resume(throwing: reason) }
    assignmentSink.finish(throwing: reason)
    outgoingSink.finish()
  }

  /// Ends the session by `task`, in which it runs, when nobody reads its assignments any more.
  func endsWithItsReader(_ task: Task<Void, Never>) { assignmentSink.onTermination = { _ in task.cancel() } }
}
