package import ClusterModel

/// How far the clocks of two machines are apart, in words for who has to set them right.
package struct ClockDifference: Sendable {
  /// By how much the other one is ahead.
  private let lead: Duration

  package init(there: Timestamp, here: Timestamp) { lead = there - here }

  /// No more than certificates allow for.
  package var isBearable: Bool { lead <= CertificateAuthority.clockTolerance && lead >= .zero - CertificateAuthority.clockTolerance }

  /// `3 days ahead of`.
  package var words: String { "\(Self.amount(lead)) \(lead < .zero ? "behind" : "ahead of")" }

  /// `50 s`, `12 min`, `5 h`, `3 days`: whole ones, rounded down.
  static func amount(_ duration: Duration) -> String {
    let seconds = abs(duration.components.seconds)
    switch seconds {
    case ..<120: return "\(seconds) s"
    case ..<7200: return "\(seconds / 60) min"
    case ..<172_800: return "\(seconds / 3600) h"
    default: return "\(seconds / 86_400) days"
    }
  }

  package static let remedy = "set the clocks right, for example with NTP, then join again"
}
