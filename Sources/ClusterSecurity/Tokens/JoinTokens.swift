package import ClusterModel

/// The cluster's join tokens, as they are in the store: hashes, each with role and end.
package struct JoinTokens: Sendable {
  package static let defaultLife = Duration.seconds(86_400)
  package static let longestLife = Duration.seconds(365 * 86_400)
  /// One that has run out or was rotated is kept so long, to be told from one that never was.
  static let memory = Duration.seconds(7 * 86_400)

  package var tokens: [JoinToken]

  package init(_ tokens: [JoinToken]) { self.tokens = tokens }

  /// A new token, and what to put into the store and to remove from it.
  package struct Issue: Sendable {
    /// To be shown once; it is not kept.
    package var secret: JoinSecret
    package var expiresAt: Timestamp
    package var puts: [JoinToken]
    package var removals: [JoinToken]
  }

  /// - Parameter rotate: whether all earlier tokens of the role stop to count.
  /// - Throws: `invalidArgument` for a life that is not between a second and a year.
  package func issue(
    for role: ClusterNode.Role, life: Duration = defaultLife, rotate: Bool = false, pin: AuthorityPin, now: Timestamp,
    using generator: inout some RandomNumberGenerator
  ) throws(WarrenError) -> Issue {
    guard life >= .seconds(1), life <= Self.longestLife else {
      throw WarrenError(.invalidArgument, "a token cannot live so long or so short; --ttl is from 1s to 365 days; leave it out for 24h")
    }
    let secret = JoinSecret.random(pin: pin, using: &generator)
    var issue = Issue(
      secret: secret, expiresAt: now + life, puts: [JoinToken(id: secret.hash, role: role, expiresAt: now + life)], removals: [])
    for token in tokens {
      if min(token.expiresAt, token.rotatedAt ?? token.expiresAt) + Self.memory < now {
        issue.removals.append(token)
      } else if rotate, token.role == role, token.rotatedAt == nil {
        var rotated = token
        rotated.rotatedAt = now
        issue.puts.append(rotated)
      }
    }
    return issue
  }

  /// Whether this token lets a node of this role in, at a cluster with these authorities.
  /// - Throws: what is wrong with it and where to get another.
  package func check(_ secret: JoinSecret, for role: ClusterNode.Role, pins: [AuthorityPin], now: Timestamp) throws(WarrenError) {
    let remedy = "get one with 'warren cluster join-token \(role)' on a manager of this cluster"
    guard pins.contains(secret.pin) else {
      throw WarrenError(
        .unauthenticated,
        "the join token is of another cluster; its authority is \(secret.pin), here it is \(pins.map(\.text).joined(separator: " or ")); \(remedy)")
    }
    // All are looked at, each in constant time.
    let matching = tokens.filter { secret.matches($0) }
    guard let token = matching.first else {
      throw WarrenError(.unauthenticated, "the join token is not known here; it was mistyped, or is no more; \(remedy)")
    }
    if let rotated = token.rotatedAt, rotated <= now {
      throw WarrenError(.unauthenticated, "the join token was replaced by another at \(rotated.text); \(remedy)")
    }
    guard now <= token.expiresAt else {
      throw WarrenError(.unauthenticated, "the join token ran out at \(token.expiresAt.text); \(remedy)")
    }
    guard token.role == role else {
      throw WarrenError(.permissionDenied, "the join token is for a \(token.role), not for a \(role); \(remedy)")
    }
  }
}
