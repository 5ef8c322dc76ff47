package import GRPCCore
package import WarrenAPI

extension ManagerAPI {
  /// What the state remembers of the past, then, with `follow`, every change from there on.
  package func streamEvents(
    request: Warren_V1_StreamEventsRequest, response: RPCWriter<Warren_V1_Event>, context: ServerContext
  ) async throws {
    _ = try await log.readBarrier()
    let kinds = Set(request.kinds)
    let isWanted: @Sendable (Warren_V1_Event) -> Bool = { kinds.isEmpty || kinds.contains($0.kind) }
    try await context.whileConnected {
      let (view, changes) = store.watch()
      try await response.write(contentsOf: (consume view).rememberedEvents.filter(isWanted))
      if !request.follow { return }
      for try await event in changes { try await response.write(contentsOf: event.userEvents.filter(isWanted)) }
      throw Self.stopping
    }
  }
}
