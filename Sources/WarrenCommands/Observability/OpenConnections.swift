import Synchronization

/// How many connections there are now.
final class OpenConnections: Sendable {
  private let count = Mutex(0)

  /// False: there are too many already.
  func enter(limit: Int) -> Bool {
    count.withLock { count in
      guard count < limit else { return false }
      count += 1
      return true
    }
  }

  func leave() { count.withLock { $0 -= 1 } }
}
