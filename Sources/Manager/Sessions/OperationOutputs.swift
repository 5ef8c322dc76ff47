import ClusterModel
import GRPCCore
import NIOConcurrencyHelpers
import WarrenAPI

/// What a worker says in one operation. For one reader; the operation ends when it lets go of this.
final class OperationOutputs: Sendable {
  typealias Source = RPCAsyncSequence<Warren_V1_OperationOutput, any Error>

  private let node: NodeID
  private let source: SerialIterator<Source>
  private let onRelease: @Sendable () -> Void

  init(node: NodeID, source: SerialIterator<Source>, onRelease: @escaping @Sendable () -> Void) {
    self.node = node
    self.source = source
    self.onRelease = onRelease
  }

  deinit { onRelease() }

  /// - Throws: why the worker could not begin.
  func started() async throws {
    guard case .started? = try await next() else { throw ConnectedWorkers.lost(node) }
  }

  /// Nil at the end of an operation that went well.
  func next() async throws -> Warren_V1_OperationOutput.OneOf_Output? {
    while true {
      let message: Warren_V1_OperationOutput?
      do { message = try await source.next() } catch {
        try Task.checkCancellation()
        throw ConnectedWorkers.lost(node)
      }
      switch message?.output {
      case .end: return nil
      case .failure(let error): throw WarrenError(wire: error)
      case let output?: return output
      case nil: if message == nil { throw ConnectedWorkers.lost(node) }
      }
    }
  }

  /// The outputs that `convert` makes something of, one after the other, as fast as they are read.
  func stream<Element: Sendable>(
    _ convert: @escaping @Sendable (Warren_V1_OperationOutput.OneOf_Output) throws -> Element?
  ) -> AsyncThrowingStream<Element, any Error> {
    AsyncThrowingStream {
      while let output = try await self.next() {
        if let element = try convert(output) { return element }
      }
      return nil
    }
  }
}
