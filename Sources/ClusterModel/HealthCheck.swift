/// How a worker finds out whether a task's program is well.
package struct HealthCheck: Hashable, Sendable {
  package enum Probe: Hashable, Sendable {
    /// A command in the container; well when it exits with 0.
    case exec([String])
    /// A GET; well when the status is 200…399.
    case http(port: UInt16, path: String)
    /// Well when a connection is taken.
    case tcp(port: UInt16)
    /// `grpc.health.v1.Health/Check` of a service, empty for the server as a whole; well when it answers `SERVING`
    /// (https://github.com/grpc/grpc/blob/master/doc/health-checking.md).
    case grpc(port: UInt16, service: String)
  }

  package var probe: Probe
  /// From one probe's end to the next one's begin.
  package var interval: Duration = .seconds(10)
  /// A probe that takes longer has failed.
  package var timeout: Duration = .seconds(3)
  /// So many failures in a row make it unwell.
  package var retries = 3
  /// After the start, in which failures do not count before the first success.
  package var startPeriod: Duration = .zero
  /// In place of `interval` until the first success. Failures before that count once in an `interval`, so it may be short.
  package var startInterval: Duration = .seconds(1)
  package var unknown = UnknownFields()

  package init(_ probe: Probe) { self.probe = probe }
}

/// What one probe found.
package struct ProbeOutcome: Hashable, Sendable {
  package var isSuccess: Bool
  /// What a person needs to understand a failure: the status and the beginning of the body, what the command wrote, why there was no
  /// connection. One line, at most `longestOutput` bytes.
  package var output: String
  /// Of the container's log, when it failed.
  package var lastLines: [String] = []

  package static let longestOutput = 1024

  package init(isSuccess: Bool, output: String) {
    self.isSuccess = isSuccess
    self.output = output
  }

  /// As one line of at most `longestOutput` bytes, whatever it was.
  package static func line(_ text: String) -> String {
    let words = text.unicodeScalars.prefix(longestOutput).split { $0.properties.isWhitespace || $0.properties.generalCategory == .control }
    return words.map { String($0) }.joined(separator: " ").clipped(toBytes: longestOutput)
  }
}
