import ClusterModel
package import GRPCCore
import SwiftProtobuf
import Synchronization

/// Refuses a message that is larger than a manager takes before it is sent: a manager closes the stream of such a one without a word.
package struct RequestLimit: ClientInterceptor {
  /// The most bytes of one message. A service's spec may be far smaller: `ServiceSpec.mostBytes`.
  package static let mostBytes = 4 << 20

  package init() {}

  package func intercept<Input: Sendable, Output: Sendable>(
    request: StreamingClientRequest<Input>, context: ClientContext,
    next: (StreamingClientRequest<Input>, ClientContext) async throws -> StreamingClientResponse<Output>
  ) async throws -> StreamingClientResponse<Output> {
    let refusal = Refusal()
    let method = context.descriptor.method
    var request = request
    request.producer = { [producer = request.producer] writer in
      try await producer(
        RPCWriter(
          wrapping: LimitedWriter(base: writer) { message in
            guard let error = Self.refusal(of: message, method: method) else { return }
            refusal.error.withLock { $0 = error }
            throw error
          }))
    }
    // The stream that is given up would only say that it was cancelled.
    let response: StreamingClientResponse<Output>
    do { response = try await next(request, context) } catch { throw refusal.error.withLock { $0 } ?? error }
    if let error = refusal.error.withLock({ $0 }) { return StreamingClientResponse(of: Output.self, error: error) }
    return response
  }

  private static func refusal(of message: some Sendable, method: String) -> RPCError? {
    guard let message = message as? any SwiftProtobuf.Message, let bytes = try? message.serializedBytes() as [UInt8] else { return nil }
    let size = bytes.count
    guard size > mostBytes else { return nil }
    return RPCError(
      WarrenError(
        .invalidArgument,
        "the request \(method) is too large; it has \(size) bytes, and a manager takes at most \(mostBytes) (\(ByteCount.text(Int64(mostBytes)))); send less at once"
      ))
  }

  /// Why the request was not sent.
  private final class Refusal: Sendable {
    let error = Mutex<RPCError?>(nil)
  }
}

private struct LimitedWriter<Element: Sendable>: RPCWriterProtocol {
  let base: RPCWriter<Element>
  let check: @Sendable (Element) throws -> Void

  func write(_ element: Element) async throws {
    try check(element)
    try await base.write(element)
  }

  func write(contentsOf elements: some Sequence<Element>) async throws {
    for element in elements { try await write(element) }
  }
}
