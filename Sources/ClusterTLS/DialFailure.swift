import ClusterModel
import Glibc
import NIOCore
import NIOSSL

/// What a failed connection is called.
enum DialFailure {
  static let notWarren = WarrenError(.unavailable, "what answers there is no manager of warren; check the address and the port")

  static func error(_ error: any Error) -> WarrenError {
    switch error {
    case let error as WarrenError: error
    case let error as IOError: WarrenError(.unavailable, reason(error.errnoCode))
    case ChannelError.connectTimeout: WarrenError(.unavailable, "no answer in time; the machine is off, or a firewall drops what is sent there")
    case is NIOSSLError, is BoringSSLError: notWarren
    default: WarrenError(.unavailable, "the connection cannot be made", cause: error)
    }
  }

  private static func reason(_ code: CInt) -> String {
    switch code {
    case ECONNREFUSED: "connection refused; nothing listens there; start the manager, or check the port"
    case EHOSTUNREACH, ENETUNREACH: "there is no way to that address; check it, and this machine's network"
    case ETIMEDOUT: "no answer in time; the machine is off, or a firewall drops what is sent there"
    case ECONNRESET, EPIPE: "the connection was closed; what answers there is no manager, or it has too many connections"
    default: String(cString: strerror(code))
    }
  }
}
