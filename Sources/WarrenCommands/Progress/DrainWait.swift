import ClusterModel
import GRPCCore
import WarrenAPI

/// Waits until nothing is left on a node that drains, and draws the way there.
struct DrainWait {
  let client: WarrenClient
  let node: String

  /// - Throws: `deadlineExceeded` with what holds it up.
  func run(timeout: Duration) async throws {
    do { try await withDeadline(timeout) { try await follow() } } catch is DeadlineExceeded {
      throw WarrenError(
        .deadlineExceeded,
        "\(node) was not drained within \(DurationText.format(timeout)); it goes on, see 'warren task list' and 'warren node inspect \(node)'")
    }
  }

  /// A lost connection is taken up again, since the watch starts with everything there is.
  private func follow() async throws {
    while true {
      do {
        if try await watch() { return }
      } catch let error where ErrorKind(error) == .unavailable {}
      // The manager may be restarting.
      try await Task.sleep(for: .milliseconds(300))
    }
  }

  /// False when the stream ended before.
  private func watch() async throws -> Bool {
    try await client.stream { stub in
      try await stub.watchTasks(.init()) { response in
        var progress = DrainProgress(node: node)
        var printer = ProgressPrinter.standardError()
        defer { printer.finish() }
        for try await change in response.messages {
          progress.apply(change)
          guard progress.isSynced else { continue }
          let left = progress.left
          printer.show(
            name: node, done: progress.most - left, of: progress.most, count: "\(left) \(left == 1 ? "task" : "tasks") left",
            reason: progress.reasons.first)
          if progress.isDone { return true }
        }
        return false
      }
    }
  }
}
