import ClusterModel

/// Lets everyone who wants the same image share one pull. Who is cancelled leaves; when nobody is left, the pull is cancelled.
actor SharedPulls {
  typealias Progress = @Sendable (PullProgress) -> Void

  private struct Waiter {
    var continuation: CheckedContinuation<PreparedImage, any Error>
    var progress: Progress
  }

  private struct Pull {
    var id: UInt64
    var task: Task<Void, Never>
    var waiters: [UInt64: Waiter] = [:]
    var latest: PullProgress?
  }

  private var pulls: [String: Pull] = [:]
  private var lastID: UInt64 = 0

  /// References being pulled now.
  var references: Set<String> { Set(pulls.keys) }

  /// - Parameter pull: is run unless one for `reference` is under way already.
  func run(
    _ reference: String, progress: @escaping Progress, pull: @escaping @Sendable (_ progress: @escaping Progress) async throws -> PreparedImage
  ) async throws -> PreparedImage {
    try Task.checkCancellation()
    lastID += 1
    let waiter = lastID
    return try await withTaskCancellationHandler {
      try await withCheckedThrowingContinuation { continuation in
        if Task.isCancelled {
          continuation.resume(throwing: CancellationError())
          return
        }
        if pulls[reference] == nil { start(reference, pull) }
        pulls[reference]?.waiters[waiter] = Waiter(continuation: continuation, progress: progress)
        if let latest = pulls[reference]?.latest { progress(latest) }
      }
    } onCancel: {
      Task { await self.leave(reference, waiter) }
    }
  }

  private func start(_ reference: String, _ pull: @escaping @Sendable (_ progress: @escaping Progress) async throws -> PreparedImage) {
    lastID += 1
    let id = lastID
    let task = Task {
      let (updates, feed) = AsyncStream<PullProgress>.makeStream(bufferingPolicy: .bufferingNewest(1))
      async let told: Void = tell(reference, id, updates)
      let result: Result<PreparedImage, any Error>
      do { result = .success(try await pull { feed.yield($0) }) } catch { result = .failure(error) }
      feed.finish()
      await told
      finish(reference, id, result)
    }
    pulls[reference] = Pull(id: id, task: task)
  }

  private func tell(_ reference: String, _ id: UInt64, _ updates: AsyncStream<PullProgress>) async {
    for await update in updates where pulls[reference]?.id == id {
      pulls[reference]?.latest = update
      for waiter in pulls[reference]?.waiters.values ?? [:].values { waiter.progress(update) }
    }
  }

  private func finish(_ reference: String, _ id: UInt64, _ result: Result<PreparedImage, any Error>) {
    guard let pull = pulls[reference], pull.id == id else { return }
    pulls[reference] = nil
    for waiter in pull.waiters.values { waiter.continuation.resume(with: result) }
  }

  private func leave(_ reference: String, _ waiter: UInt64) {
    guard let left = pulls[reference]?.waiters.removeValue(forKey: waiter) else { return }
    left.continuation.resume(throwing: CancellationError())
    guard let pull = pulls[reference], pull.waiters.isEmpty else { return }
    pulls[reference] = nil
    pull.task.cancel()
  }
}
