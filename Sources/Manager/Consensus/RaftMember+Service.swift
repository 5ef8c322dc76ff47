package import ClusterModel
import Dispatch
import Logging
import NIOConcurrencyHelpers
import Raft
import RaftStorage
import ServiceLifecycle

extension RaftMember: Service {
  /// Waits for shutdown, hands leadership over, then closes the log. Must outlive everything that proposes; the transport must outlive it.
  /// - Throws: why the log failed; the process must end then.
  package func run() async throws {
    try await withTaskCancellationOrGracefulShutdownHandler {
      try await withCheckedThrowingContinuation { continuation in
        let end: (error: WarrenError, failed: Bool)? = state.withLockedValue { state in
          if let end = state.end { return (end, state.failed) }
          if state.isLeaving { return (Self.isLeaving, false) }
          state.runner = continuation
          return nil
        }
        if let end { continuation.resume(with: end.failed ? .failure(end.error) : .success(())) }
      }
    } onCancelOrGracefulShutdown: {
      self.beginToLeave()
    }
    await leave()
    try await close()
  }

  /// Takes part no more from this moment on; `run()` throws the reason.
  package func withdraw(because reason: WarrenError) {
    logger.critical("log.withdrawn", metadata: ["reason": "\(reason)"])
    end(with: reason, failed: true)
  }

  private func beginToLeave() {
    change { state in
      state.isLeaving = true
      handOver(&state)
      if let runner = state.runner { state.answers.append { runner.resume() } }
      state.runner = nil
    }
  }

  /// Returns when somebody else leads, or nobody can in time.
  func leave() async {
    await withCheckedContinuation { continuation in
      change { state in
        if state.end != nil || !state.isTicking || !state.node.isLeader {
          return state.answers.append { continuation.resume() }
        }
        state.leaver = (continuation, state.now + UInt64(timing.handOverTicks))
      }
    }
  }

  /// Refuses what is not settled yet and closes the database; what is being written is written. Idempotent.
  package func close() async throws {
    end(with: Self.isLeaving, failed: false)
    try await withCheckedThrowingContinuation { continuation in
      writeThread.async { continuation.resume(with: Result { try self.storage.close() }) }
    }
  }
}
