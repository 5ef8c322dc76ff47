package import ClusterModel

extension HealthCheck {
  package init(wire: Warren_V1_HealthCheck) throws(WarrenError) {
    let probe: Probe
    switch wire.probe {
    case .exec(let exec): probe = .exec(exec.command)
    case .http(let http): probe = .http(port: try Self.port(http.port), path: http.path)
    case .tcp(let tcp): probe = .tcp(port: try Self.port(tcp.port))
    case .grpc(let grpc): probe = .grpc(port: try Self.port(grpc.port), service: grpc.service)
    case nil:
      throw WarrenError(
        .invalidArgument, "HealthCheck.probe is not given, or of a kind that this version of Warren does not know; set it, or upgrade Warren here")
    }
    self.init(probe)
    if wire.hasInterval { interval = Duration(wire: wire.interval) }
    if wire.hasTimeout { timeout = Duration(wire: wire.timeout) }
    if wire.retries != 0 { retries = Int(wire.retries) }
    if wire.hasStartPeriod { startPeriod = Duration(wire: wire.startPeriod) }
    if wire.hasStartInterval { startInterval = Duration(wire: wire.startInterval) }
    unknown = UnknownFields(of: wire)
  }

  private static func port(_ number: UInt32) throws(WarrenError) -> UInt16 {
    guard let port = UInt16(exactly: number) else {
      throw WarrenError(.invalidArgument, "the health check's port \(number) is not valid; there are no more than 65535; use 1 to 65535")
    }
    return port
  }

  package var wire: Warren_V1_HealthCheck {
    var message = Warren_V1_HealthCheck()
    switch probe {
    case .exec(let command): message.exec.command = command
    case .http(let port, let path): message.http = .with { ($0.port, $0.path) = (UInt32(port), path) }
    case .tcp(let port): message.tcp.port = UInt32(port)
    case .grpc(let port, let service): message.grpc = .with { ($0.port, $0.service) = (UInt32(port), service) }
    }
    message.interval = interval.wire
    message.timeout = timeout.wire
    message.retries = UInt32(clamping: retries)
    message.startPeriod = startPeriod.wire
    message.startInterval = startInterval.wire
    message.restore(unknown)
    return message
  }
}
