package import ClusterModel
import NIOConcurrencyHelpers

/// Why connections to addresses failed, the latest reason for each; nothing of an address that was reached since.
package final class DialFailures: Sendable {
  private let reasons = NIOLockedValueBox<[String: WarrenError]>([:])

  package init() {}

  /// - Parameter address: `HOST:PORT`, IPv6 in brackets.
  package subscript(address: String) -> WarrenError? {
    get { reasons.withLockedValue { $0[address] } }
    set { reasons.withLockedValue { $0[address] = newValue } }
  }

  package var all: [String: WarrenError] { reasons.withLockedValue { $0 } }
}
