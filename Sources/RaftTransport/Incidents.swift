package import Logging
import Metrics
import NIOConcurrencyHelpers

/// Counts what others do wrong, and logs the first of each kind within ten seconds: who sends garbage must not fill the disk.
package final class Incidents: Sendable {
  package enum Kind: String, Sendable, CaseIterable {
    /// A connection that is not wanted, by its `Hello` or certificate.
    case refused
    /// Another member does not want our connection.
    case refusedByPeer
    /// Bytes that are no frame. The connection was closed.
    case garbage
    /// A frame that has no place where it came. The connection was closed.
    case unexpected
    /// A frame of a kind this version does not know; left out.
    case unknown
    /// A message that its sender may not send; left out.
    case inadmissible
    /// A message that is too large to be sent; left out.
    case unsendable
    /// A snapshot did not get to its receiver.
    case snapshotFailed = "snapshot.failed"
  }

  private struct Quiet {
    var until: ContinuousClock.Instant
    var suppressed = 0
  }

  private static let silence = Duration.seconds(10)

  private let logger: Logger
  private let now: @Sendable () -> ContinuousClock.Instant
  private let counters: [Kind: Counter]
  private let quiet = NIOLockedValueBox<[Kind: Quiet]>([:])

  package init(logger: Logger, now: @escaping @Sendable () -> ContinuousClock.Instant = { .now }) {
    self.logger = logger
    self.now = now
    counters = .init(
      uniqueKeysWithValues: Kind.allCases.map {
        ($0, Counter(label: "warren_raft_incidents_total", dimensions: [("kind", $0.rawValue)]))
      })
  }

  package func report(_ kind: Kind, _ fields: @autoclosure () -> Logger.Metadata) {
    counters[kind]?.increment()
    let moment = now()
    let suppressed: Int? = quiet.withLockedValue { quiet in
      if let until = quiet[kind]?.until, moment < until {
        quiet[kind]?.suppressed += 1
        return nil
      }
      defer { quiet[kind] = Quiet(until: moment + Self.silence) }
      return quiet[kind]?.suppressed ?? 0
    }
    guard let suppressed else { return }
    var fields = fields()
    if suppressed > 0 { fields["since_last"] = "\(suppressed)" }
    logger.warning("raft.transport.\(kind.rawValue)", metadata: fields)
  }
}
