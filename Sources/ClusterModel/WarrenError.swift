/// The one error type that crosses targets. It maps 1:1 to a gRPC status and to an exit code of the command line.
package struct WarrenError: Error, Sendable, CustomStringConvertible {
  /// What kind of failure this is; decides the gRPC status and the exit code.
  package enum Code: String, Sendable, CaseIterable {
    case invalidArgument, notFound, alreadyExists, conflict, permissionDenied, unauthenticated, unavailable, deadlineExceeded
    case resourceExhausted, failedPrecondition, unimplemented, cancelled, dataLoss, internalError
  }

  /// What programs tell errors of one code apart by, where they act on the difference.
  package enum Reason: String, Sendable {
    /// The caller's node was removed from the cluster.
    case nodeRemoved
    /// The caller's node is a manager, but not the member of Raft any more that it was.
    case memberReplaced
    /// The call is a retry: what it asks for was done the first time, and its object has been deleted since.
    case deletedSince
  }

  package var code: Code
  /// For the person at night: what happened, to which object, and (at the end) what to do next.
  package var message: String
  package var cause: (any Error)?
  package var reason: Reason?

  package init(_ code: Code, _ message: String, cause: (any Error)? = nil, reason: Reason? = nil) {
    self.code = code
    self.message = message
    self.cause = cause
    self.reason = reason
  }

  package var description: String {
    guard let cause else { return message }
    return "\(message) (\(cause))"
  }
}
