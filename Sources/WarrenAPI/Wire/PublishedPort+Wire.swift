package import ClusterModel

extension PublishedPort {
  package init(wire: Warren_V1_PublishedPort) throws(WarrenError) {
    self.init(
      hostIP: wire.hostIp, hostPort: try Self.port(wire.hostPort), containerPort: try Self.port(wire.containerPort),
      transport: try TransportProtocol(wire: wire.protocol, default: .tcp, field: "PublishedPort.protocol"))
    unknown = UnknownFields(of: wire)
  }

  package var wire: Warren_V1_PublishedPort {
    var message = Warren_V1_PublishedPort()
    message.hostIp = hostIP
    message.hostPort = UInt32(hostPort)
    message.containerPort = UInt32(containerPort)
    message.protocol = Warren_V1_Protocol(transport)
    message.restore(unknown)
    return message
  }

  private static func port(_ number: UInt32) throws(WarrenError) -> UInt16 {
    guard let port = UInt16(exactly: number) else {
      throw WarrenError(.invalidArgument, "published port \(number) is not valid; it is out of range; use ports from 1 to 65535")
    }
    return port
  }
}
