import ClusterModel
import GRPCCore

/// The few kinds of failure commands react to, whichever layer reports them.
enum ErrorKind: Equatable {
  case notFound, conflict, unavailable, other

  init(_ error: any Error) {
    let code: Int32
    switch error {
    case let error as WarrenError: code = ExitCodes.code(of: error.code)
    case let error as RPCError: code = ExitCodes.code(of: error.code)
    default: code = ExitCodes.failed
    }
    self =
      switch code {
      case ExitCodes.notFound: .notFound
      case ExitCodes.conflict: .conflict
      case ExitCodes.unavailable: .unavailable
      default: .other
      }
  }
}
