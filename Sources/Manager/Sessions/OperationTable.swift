import ClusterModel
import GRPCCore
import SwiftProtobuf
import WarrenAPI

/// Which workers have a session, and which operations they were told to start.
struct OperationTable {
  typealias Input = @Sendable (RPCWriter<Warren_V1_OperationInput>) async throws -> Void
  typealias Continuation = CheckedContinuation<OperationOutputs, any Error>

  /// An operation for which its worker has not made its call yet.
  struct Waiting {
    var node: NodeID
    var input: Input
    var continuation: Continuation
  }

  private struct Session {
    var number: UInt64
    var sink: ConnectedWorkers.Messages.Continuation
    var operations: Set<UInt64> = []
  }

  private var sessions: [NodeID: Session] = [:]
  private var waiting: [UInt64: Waiting] = [:]
  private var lastNumber: UInt64 = 0

  mutating func nextNumber() -> UInt64 {
    lastNumber += 1
    return lastNumber
  }

  func hasSession(_ node: NodeID) -> Bool { sessions[node] != nil }

  /// Returns those whose wait was for the node's former session; nil when the node has a later one already.
  mutating func connect(_ node: NodeID, session: UInt64, _ sink: ConnectedWorkers.Messages.Continuation) -> [Continuation]? {
    let former = sessions[node]
    if let former, former.number > session { return nil }
    sessions[node] = Session(number: session, sink: sink)
    return former.map { removeWaiting(of: $0) } ?? []
  }

  mutating func disconnect(_ node: NodeID, session: UInt64) -> [Continuation] {
    guard let ended = sessions[node], ended.number == session else { return [] }
    sessions[node] = nil
    return removeWaiting(of: ended)
  }

  private mutating func removeWaiting(of session: Session) -> [Continuation] {
    session.operations.compactMap { waiting.removeValue(forKey: $0)?.continuation }
  }

  /// Returns why the operation cannot begin.
  mutating func begin(_ start: Warren_V1_OperationStart, on node: NodeID, _ operation: Waiting) -> WarrenError? {
    guard let session = sessions[node] else { return ConnectedWorkers.lost(node) }
    if session.operations.count >= ConnectedWorkers.mostOperations {
      return WarrenError(
        .resourceExhausted, "node \(node) is asked for \(session.operations.count) things already; it does no more at once; try again later")
    }
    sessions[node]?.operations.insert(start.number)
    waiting[start.number] = operation
    session.sink.yield(.with { $0.operation = start })
    return nil
  }

  mutating func claim(_ number: UInt64) -> Waiting? { waiting.removeValue(forKey: number) }

  mutating func claim(_ number: UInt64, by node: NodeID) -> Waiting? { waiting[number]?.node == node ? claim(number) : nil }

  mutating func ended(_ number: UInt64, on node: NodeID) {
    guard sessions[node]?.operations.remove(number) != nil else { return }
    sessions[node]?.sink.yield(.with { $0.over.number = number })
  }
}
