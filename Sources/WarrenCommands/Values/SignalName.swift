import ClusterModel

/// Signals as people name them: `SIGTERM`, `term`, `15`.
enum SignalName {
  /// `SIGNAME`, or the number.
  static func parse(_ text: String) throws -> String {
    guard LinuxNames.isSignal(text) else { throw ValueError("unknown signal '\(text)'; use for example SIGTERM, SIGINT or 15") }
    let upper = text.uppercased()
    return Int(text) != nil || upper.hasPrefix("SIG") ? upper : "SIG\(upper)"
  }
}
