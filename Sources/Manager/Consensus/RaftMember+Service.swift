import ClusterModel
import Dispatch
import NIOConcurrencyHelpers
import RaftStorage
import ServiceLifecycle

extension RaftMember: Service {
  /// Waits for shutdown, then closes the log. Must outlive everything that proposes.
  /// - Throws: why the log failed; the process must end then.
  package func run() async throws {
    try await withTaskCancellationOrGracefulShutdownHandler {
      try await withCheckedThrowingContinuation { continuation in
        let end: (error: WarrenError, failed: Bool)? = state.withLockedValue { state in
          if let end = state.end { return (end, state.failed) }
          state.runner = continuation
          return nil
        }
        if let end { continuation.resume(with: end.failed ? .failure(end.error) : .success(())) }
      }
    } onCancelOrGracefulShutdown: {
      self.refuseFurtherProposals()
    }
    try await close()
  }

  private func refuseFurtherProposals() {
    end(with: WarrenError(.unavailable, "This manager is shutting down. Try again, or ask another manager."), failed: false)
  }

  /// Refuses what is not settled yet and closes the database; what is being written is written. Idempotent.
  package func close() async throws {
    refuseFurtherProposals()
    try await withCheckedThrowingContinuation { continuation in
      writeThread.async { continuation.resume(with: Result { try self.storage.close() }) }
    }
  }
}
