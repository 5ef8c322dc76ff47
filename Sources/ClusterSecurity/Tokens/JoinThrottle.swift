package import ClusterModel

/// Keeps strangers that are refused again and again from keeping a manager busy. A token cannot be guessed anyhow: it has 128 bits.
///
/// Each source (an address) may fail `burst` times at once and then once per `interval`; who does not fail is not slowed.
package struct JoinThrottle: Sendable {
  package static let burst = 10
  package static let interval = Duration.seconds(6)
  /// Sources that are remembered; the one that has been quiet longest is forgotten first.
  static let mostSources = 1024

  /// Until when each source's failures reach, were they spread out at one per `interval`.
  private var busyUntil: [String: Timestamp] = [:]

  package init() {}

  /// - Throws: `resourceExhausted` when this source has to wait.
  package func check(_ source: String, now: Timestamp) throws(WarrenError) {
    let limit = Duration.nanoseconds(Self.interval.nanoseconds * Int64(Self.burst))
    guard let end = busyUntil[source], end - now >= limit else { return }
    throw WarrenError(.resourceExhausted, "too many attempts to join failed from \(source); wait a minute, then try again with a valid token")
  }

  package mutating func failed(_ source: String, now: Timestamp) {
    busyUntil[source] = max(busyUntil[source] ?? now, now) + Self.interval
    guard busyUntil.count > Self.mostSources, let quietest = busyUntil.min(by: { $0.value < $1.value }) else { return }
    busyUntil[quietest.key] = nil
  }
}
