import ClusterModel
import GRPCCore
import GRPCSupport

extension WarrenError {
  /// containerd's answer, as an error of ours.
  ///
  /// - Parameter action: what was asked for, after "could not".
  init(_ error: RPCError, action: String, socketPath: String) {
    let code = Code(error.code)
    switch code {
    case .unavailable, .deadlineExceeded:
      self.init(
        code, "containerd at \(socketPath) did not answer (could not \(action)): \(error.message); check that it runs, then try again",
        cause: ContainerdUnreachable(code: error.code, cause: error.cause))
    default:
      self.init(code, "containerd could not \(action): \(error.message)", cause: error.cause)
    }
  }
}

/// The cause of an error that is containerd's absence, not its answer. What was asked for may or may not have been done.
package struct ContainerdUnreachable: Error, CustomStringConvertible {
  var code: RPCError.Code
  var cause: (any Error)?

  package var description: String { cause.map { "\($0)" } ?? "\(code)" }
}

/// Runs a call whose object may be gone already.
///
/// - Returns: nil when containerd answered `notFound`.
func unlessMissing<Result: Sendable>(_ body: () async throws -> Result) async throws -> Result? {
  do {
    return try await body()
  } catch let error as WarrenError where error.code == .notFound {
    return nil
  }
}
