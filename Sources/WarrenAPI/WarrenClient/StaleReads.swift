package import GRPCCore

/// Says with each call that it may be answered from what the asked manager knows, however old that is; for when there is no quorum.
package struct StaleReads: ClientInterceptor {
  /// The metadata key, with the value `true`.
  package static let key = "warren-stale"

  package func intercept<Input: Sendable, Output: Sendable>(
    request: StreamingClientRequest<Input>, context: ClientContext,
    next: (StreamingClientRequest<Input>, ClientContext) async throws -> StreamingClientResponse<Output>
  ) async throws -> StreamingClientResponse<Output> {
    var request = request
    request.metadata.addString("true", forKey: Self.key)
    return try await next(request, context)
  }
}
