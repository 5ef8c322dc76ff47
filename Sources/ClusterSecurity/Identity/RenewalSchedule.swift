package import ClusterModel
package import X509

/// When a node asks for its next certificate.
package struct RenewalSchedule: Sendable, Equatable {
  package enum State: Sendable, Equatable {
    /// Nothing to do before that time.
    case fresh(until: Timestamp)
    case due
    /// It has run out, and is good for one thing: asking for the next. Until that time.
    case expired(renewableUntil: Timestamp)
    /// Too late: the node has to join anew, with a token.
    case lost
  }

  /// After its certificate has run out, a node that was off can still ask for the next one for so long.
  package static let grace = Duration.seconds(90 * 86_400)

  package let issuedAt: Timestamp
  package let expiresAt: Timestamp
  /// At half of its life, and up to a tenth of that later: nodes that joined together do not all come at once.
  package let dueAt: Timestamp

  /// - Parameter spread: 0 to 1, where in that tenth; chosen at random once for each certificate.
  package init(_ certificate: Certificate, trust: TrustBundle, spread: Double) {
    issuedAt = Timestamp(certificate.notValidBefore)
    expiresAt = Timestamp(certificate.notValidAfter)
    let life = (expiresAt - issuedAt).nanoseconds
    // Whom a root signed that is on its way out needs the next now.
    dueAt = trust.hasSigned(certificate) ? issuedAt + .nanoseconds(life / 2 + Int64(Double(life / 20) * min(max(spread, 0), 1))) : issuedAt
  }

  package func state(at now: Timestamp) -> State {
    if now < dueAt { return .fresh(until: dueAt) }
    if now <= expiresAt { return .due }
    let end = expiresAt + Self.grace
    return now <= end ? .expired(renewableUntil: end) : .lost
  }

  /// How long to wait after so many failed attempts in a row: 30 s, doubled up to 1 h, less up to a quarter of it by `spread` (0 to 1).
  package static func pause(afterFailures failures: Int, spread: Double) -> Duration {
    let whole = min(30 << min(max(failures - 1, 0), 7), 3600)
    return .milliseconds(Int64(Double(whole) * 1000 * (1 - 0.25 * min(max(spread, 0), 1))))
  }
}
