import ClusterModel
import NIOConcurrencyHelpers

/// Adds up the progress of parallel downloads and reports it a few times a second.
struct PullMeter: Sendable {
  private struct State {
    var total: Int64 = 0
    var done: [String: Int64] = [:]
    var lastReport: ContinuousClock.Instant?
  }

  private let state = NIOLockedValueBox(State())
  private let report: @Sendable (PullProgress) -> Void
  private static let interval = Duration.milliseconds(200)

  init(report: @escaping @Sendable (PullProgress) -> Void) { self.report = report }

  func expect(_ bytes: Int64) { state.withLockedValue { $0.total += bytes } }

  /// `done` bytes of one blob are there.
  func reached(_ blob: String, _ done: Int64) {
    let update: PullProgress? = state.withLockedValue { state in
      state.done[blob] = done
      let now = ContinuousClock.now
      if let last = state.lastReport, now - last < Self.interval { return nil }
      state.lastReport = now
      return PullProgress(message: "downloading", doneBytes: state.done.values.reduce(0, +), totalBytes: state.total)
    }
    if let update { report(update) }
  }

  func say(_ message: String) {
    report(state.withLockedValue { PullProgress(message: message, doneBytes: $0.done.values.reduce(0, +), totalBytes: $0.total) })
  }
}
