package import GRPCCore
import WarrenAPI

/// Reads are linearizable on every manager, which takes a quorum. A caller that would rather have what this manager knows says so.
package struct ReadConsistency: ServerInterceptor {
  @TaskLocal static var mayBeStale = false

  package init() {}

  package func intercept<Input: Sendable, Output: Sendable>(
    request: StreamingServerRequest<Input>, context: ServerContext,
    next: @Sendable (StreamingServerRequest<Input>, ServerContext) async throws -> StreamingServerResponse<Output>
  ) async throws -> StreamingServerResponse<Output> {
    guard request.metadata[stringValues: StaleReads.key].contains(where: { $0 == "true" }) else { return try await next(request, context) }
    var response = try await Self.$mayBeStale.withValue(true) { try await next(request, context) }
    // What a stream answers is made after this returns.
    if case .success(var contents) = response.accepted {
      contents.producer = { [producer = contents.producer] writer in
        try await Self.$mayBeStale.withValue(true) { try await producer(writer) }
      }
      response.accepted = .success(contents)
    }
    return response
  }
}
