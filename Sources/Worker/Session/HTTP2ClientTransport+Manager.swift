import ClusterModel
import GRPCCore
package import GRPCNIOTransportHTTP2Posix

extension HTTP2ClientTransport.Posix {
  /// A transport for one session to the manager at `host:port` (IPv6 in brackets); a name is looked up each time.
  /// - Parameter prepare: gets the last word on each connection; with the security `.customSecure` it brings that.
  package static func toManager(
    at address: String, security: TransportSecurity, prepare: (inout Config) -> Void = { _ in }
  ) throws -> HTTP2ClientTransport.Posix {
    guard let colon = address.lastIndex(of: ":"), let port = UInt16(address[address.index(after: colon)...]), port > 0 else {
      throw WarrenError(.invalidArgument, "\(address) is not the address of a manager; use HOST:PORT, for example 10.0.0.1:8080 or [fd00::1]:8080")
    }
    var host = address[..<colon]
    if host.hasPrefix("["), host.hasSuffix("]") { host = host.dropFirst().dropLast() }
    return try HTTP2ClientTransport.Posix(
      target: .dns(host: String(host), port: Int(port)), transportSecurity: security,
      config: .defaults { config in
        config.connection.flushCoalescing = nil
        config.connection.maxIdleTime = nil
        prepare(&config)
      },
      // A manager that cannot be reached is not waited for: another is tried.
      serviceConfig: ServiceConfig(methodConfig: [MethodConfig(names: [.init(service: "")], waitForReady: false)]))
  }
}
