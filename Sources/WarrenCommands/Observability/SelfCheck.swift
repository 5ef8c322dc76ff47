import ClusterModel

/// One thing without which the node cannot do its work.
struct SelfCheck: Sendable {
  /// A word: `store`, `containerd`.
  let name: String
  /// Throws what is wrong. It must end soon after its task is cancelled.
  let probe: @Sendable () async throws -> Void

  init(_ name: String, probe: @escaping @Sendable () async throws -> Void) {
    self.name = name
    self.probe = probe
  }

  /// Nil: all is well; else the reason.
  func reason(patience: Duration) async -> String? {
    do {
      try await withDeadline(patience) { try await probe() }
      return nil
    } catch is DeadlineExceeded {
      return "no answer within \(patience)"
    } catch let error as WarrenError {
      return error.message
    } catch {
      return "\(error)"
    }
  }
}
