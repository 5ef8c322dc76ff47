package import ClusterModel
import NIOConcurrencyHelpers
import SwiftProtobuf
import WarrenAPI

/// The workers that hold a session to this manager, as far as they can be asked for something.
package final class ConnectedWorkers: Sendable {
  typealias Messages = AsyncStream<Warren_V1_ManagerMessage>

  /// Operations that one node may have under way.
  static let mostOperations = 256

  private let table = NIOLockedValueBox(OperationTable())

  package init() {}

  /// What can be asked of the node; nil when it has no session here.
  package func operations(on node: NodeID) -> (any NodeOperations)? {
    table.withLockedValue { $0.hasSession(node) } ? RemoteNode(node: node, workers: self) : nil
  }

  /// A number for a session that is about to begin: of two of a node the later one counts.
  func newSession() -> UInt64 { table.withLockedValue { $0.nextNumber() } }

  /// A session has begun; what is yielded has to be sent over it. It ends when the stream does.
  func connect(_ node: NodeID, session: UInt64) -> Messages {
    let (messages, sink) = Messages.makeStream()
    let failed = table.withLockedValue { $0.connect(node, session: session, sink) }
    guard let failed else {
      sink.finish()
      return messages
    }
    for continuation in failed { continuation.resume(throwing: Self.lost(node)) }
    sink.onTermination = { [weak self] _ in self?.disconnect(node, session: session) }
    return messages
  }

  private func disconnect(_ node: NodeID, session: UInt64) {
    let failed = table.withLockedValue { $0.disconnect(node, session: session) }
    for continuation in failed { continuation.resume(throwing: Self.lost(node)) }
  }

  /// Has the node start an operation, and returns what it says as soon as it begins to.
  /// - Parameter input: sends what the operation reads, if it reads anything.
  func begin(
    _ request: Warren_V1_OperationStart.OneOf_Request, on node: NodeID, input: @escaping OperationTable.Input = { _ in }
  ) async throws -> OperationOutputs {
    let number = table.withLockedValue { $0.nextNumber() }
    let outputs = try await withTaskCancellationHandler {
      try await withCheckedThrowingContinuation { continuation in
        let start = Warren_V1_OperationStart.with {
          $0.number = number
          $0.request = request
        }
        let refusal = table.withLockedValue {
          $0.begin(start, on: node, OperationTable.Waiting(node: node, input: input, continuation: continuation))
        }
        if let refusal { return continuation.resume(throwing: refusal) }
        if Task.isCancelled { giveUp(number) }
      }
    } onCancel: {
      giveUp(number)
    }
    try await outputs.started()
    return outputs
  }

  private func giveUp(_ number: UInt64) {
    guard let waiting = table.withLockedValue({ $0.claim(number) }) else { return }
    ended(number, on: waiting.node)
    waiting.continuation.resume(throwing: CancellationError())
  }

  /// The node has made the call for an operation that it was told to start.
  /// - Throws: `notFound` when nobody waits for it, or it is another node's.
  func claim(_ number: UInt64, by node: NodeID) throws(WarrenError) -> OperationTable.Waiting {
    if let waiting = table.withLockedValue({ $0.claim(number, by: node) }) { return waiting }
    throw WarrenError(.notFound, "nobody waits for operation \(number) of node \(node); who asked has left; end it")
  }

  /// Tells the worker that nothing more is needed of the operation.
  func ended(_ number: UInt64, on node: NodeID) { table.withLockedValue { $0.ended(number, on: node) } }

  static func lost(_ node: NodeID) -> WarrenError {
    WarrenError(.unavailable, "the connection to node \(node) was lost in the middle; what was asked for is not complete; try again")
  }
}
