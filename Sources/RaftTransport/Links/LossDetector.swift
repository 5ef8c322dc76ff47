/// When a member's process is very probably gone: each connection with it was closed by the other end, and attempts to make a new one
/// found nobody who completes a handshake.
package struct LossDetector: Sendable {
  /// How a connection ended that had been established.
  package enum End: Sendable {
    /// End of file or a reset: what the kernel does when a process ends.
    case byPeer
    /// Nothing came back for too long: the network, or the machine.
    case silence
    case here
  }

  package static let attempts = Backoff.hurried.count

  private var established = 0
  private var failures = 0
  private var isArmed = false

  package init() {}

  /// Whether all connections were closed by the other end, and it is not known yet what that means.
  package var isSuspicious: Bool { isArmed && established == 0 }

  /// A handshake was completed.
  package mutating func connected() {
    established += 1
    failures = 0
    isArmed = true
  }

  /// The member answered, though it wants no connection.
  package mutating func answered() { failures = 0 }

  /// - Returns: whether the member is lost. Once, until there is a connection again.
  package mutating func ended(_ end: End) -> Bool {
    established -= 1
    if end != .byPeer { isArmed = false }
    return isLost()
  }

  /// An attempt to connect found nobody.
  package mutating func failed() -> Bool {
    failures += 1
    return isLost()
  }

  private mutating func isLost() -> Bool {
    guard isSuspicious, failures >= Self.attempts else { return false }
    isArmed = false
    return true
  }
}
