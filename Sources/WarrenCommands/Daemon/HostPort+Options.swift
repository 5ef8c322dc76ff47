import ClusterModel

extension HostPort {
  /// The host may be empty: every address of this machine.
  /// - Throws: `invalidArgument` that names `option`.
  init(parsing text: String, option: String) throws(WarrenError) {
    guard let address = HostPort(text, allowsNoHost: true) else {
      throw WarrenError(.invalidArgument, "\(option) \(text) is not HOST:PORT; use for example 10.0.0.1:8080 or [fd00::1]:8080")
    }
    self = address
  }

  var isWildcard: Bool { ["", "0.0.0.0", "::"].contains(host) }

  /// What a listener of this address binds to: an IP address is meant as it is; a name is for others, whose address of this machine may be
  /// another tomorrow, so it stands for all of them, but for the loopback's.
  var listened: HostPort {
    if host == "localhost" { return HostPort(host: "127.0.0.1", port: port) }
    return HostPort(host: host == "0.0.0.0" || (IPAddressText.isValid(host) && !isWildcard) ? host : "", port: port)
  }
}
