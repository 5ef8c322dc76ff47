extension HealthCheck {
  package static let longestTime: Duration = .seconds(24 * 3600)
  private static let mostCommandBytes = 64 << 10

  /// - Parameter role: which of a service's checks it is, for the message.
  /// - Throws: `invalidArgument` naming the value that is wrong.
  package func validate(_ role: String) throws(WarrenError) {
    try validateProbe(role)
    let least = Duration.milliseconds(10)
    for (what, time, shortest) in [
      ("interval", interval, least), ("timeout", timeout, least), ("start interval", startInterval, least), ("start period", startPeriod, .zero),
    ] where time < shortest || time > Self.longestTime {
      throw .invalid("\(role) \(what) \(time) is not valid", "it is out of range", "use \(shortest == .zero ? "0s" : "10ms") to 24h")
    }
    if !(1...1000).contains(retries) { throw .invalid("\(role) retries \(retries) is not valid", "it is out of range", "use 1 to 1000") }
  }

  private func validateProbe(_ role: String) throws(WarrenError) {
    switch probe {
    case .exec(let command):
      guard let program = command.first, !program.isEmpty else {
        throw .invalid("the \(role) check is not valid", "its command is empty", "give a program, for example exec:pg_isready")
      }
      if command.reduce(0, { $0 + $1.utf8.count + 1 }) > Self.mostCommandBytes || command.contains(where: { $0.contains("\0") }) {
        throw .invalid("the \(role) check is not valid", "its command is too long, or has a NUL in it", "put it into a script")
      }
    case .http(let port, let path):
      try validate(port, role)
      if !path.hasPrefix("/") || path.utf8.count > 2048 || path.utf8.contains(where: { $0 <= 0x20 || $0 == 0x7f }) {
        throw .invalid("the \(role) check's path \(path.quoted) is not valid", "it is no path of a URL", "use for example /healthz")
      }
    case .tcp(let port): try validate(port, role)
    case .grpc(let port, let service):
      try validate(port, role)
      if service.utf8.count > 256 { throw .invalid("the \(role) check's service is not valid", "it is too long", "use at most 256 characters") }
    }
  }

  private func validate(_ port: UInt16, _ role: String) throws(WarrenError) {
    if port == 0 { throw .invalid("the \(role) check's port is not valid", "port 0 does not exist", "use 1 to 65535") }
  }
}
