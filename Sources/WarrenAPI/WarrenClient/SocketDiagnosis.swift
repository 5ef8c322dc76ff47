import ClusterModel
import Glibc

/// Why nobody answers on a unix socket, as far as the file system tells.
enum SocketDiagnosis {
  case missing, forbidden, silent

  init(of path: String) {
    if access(path, R_OK | W_OK) == 0 {
      self = .silent
    } else {
      self = errno == EACCES ? .forbidden : .missing
    }
  }

  func error(on path: String, cause: any Error) -> WarrenError {
    switch self {
    case .missing:
      WarrenError(
        .unavailable, "no manager runs here; there is no socket \(path); start one with: warren cluster init, or name its socket with --socket")
    case .forbidden:
      WarrenError(.permissionDenied, "this user may not use the socket \(path); it is for root and the group warren; try again with sudo")
    case .silent:
      WarrenError(.unavailable, "no manager answers on \(path); it is starting, stopping or hung; look at its log, then try again", cause: cause)
    }
  }
}
