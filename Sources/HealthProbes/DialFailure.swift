import Glibc

/// Why there is no connection.
struct DialFailure: Error, CustomStringConvertible {
  /// errno.
  let number: CInt
  let description: String

  init(_ number: CInt, _ what: String) {
    self.number = number
    description = "\(what): \(String(cString: strerror(number)))"
  }

  /// - Parameter server: that the connection was to.
  init(_ number: CInt, to server: ServerAddress) {
    self.number = number
    description = number == ECONNREFUSED ? "connection to \(server) refused" : "no connection to \(server): \(String(cString: strerror(number)))"
  }

  /// The server cannot be there; it may be at another address. EAFNOSUPPORT: a kernel without IPv6.
  var nextAddressMayAnswer: Bool { [ECONNREFUSED, ENETUNREACH, EHOSTUNREACH, EADDRNOTAVAIL, EAFNOSUPPORT].contains(number) }
}
