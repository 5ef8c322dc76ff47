package import ClusterModel
package import GRPCCore

extension WarrenError.Code {
  package init(_ code: RPCError.Code) {
    self =
      switch code {
      case .invalidArgument, .outOfRange: .invalidArgument
      case .notFound: .notFound
      case .alreadyExists: .alreadyExists
      case .aborted: .conflict
      case .permissionDenied: .permissionDenied
      case .unauthenticated: .unauthenticated
      case .unavailable: .unavailable
      case .deadlineExceeded: .deadlineExceeded
      case .resourceExhausted: .resourceExhausted
      case .failedPrecondition: .failedPrecondition
      case .unimplemented: .unimplemented
      case .cancelled: .cancelled
      case .dataLoss: .dataLoss
      default: .internalError
      }
  }
}

extension RPCError.Code {
  package init(_ code: WarrenError.Code) {
    self =
      switch code {
      case .invalidArgument: .invalidArgument
      case .notFound: .notFound
      case .alreadyExists: .alreadyExists
      case .conflict: .aborted
      case .permissionDenied: .permissionDenied
      case .unauthenticated: .unauthenticated
      case .unavailable: .unavailable
      case .deadlineExceeded: .deadlineExceeded
      case .resourceExhausted: .resourceExhausted
      case .failedPrecondition: .failedPrecondition
      case .unimplemented: .unimplemented
      case .cancelled: .cancelled
      case .dataLoss: .dataLoss
      case .internalError: .internalError
      }
  }
}
