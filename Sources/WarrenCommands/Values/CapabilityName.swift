import ClusterModel

/// Capabilities as people name them: `NET_ADMIN`, `cap_net_admin`, `ALL`.
enum CapabilityName {
  /// Upper case without `CAP_`.
  static func parse(_ text: String) throws -> String {
    guard LinuxNames.isCapability(text) else { throw ValueError("unknown capability '\(text)'; see capabilities(7), for example NET_ADMIN") }
    let upper = text.uppercased()
    return upper.hasPrefix("CAP_") ? String(upper.dropFirst(4)) : upper
  }
}
