import ArgumentParser
import ClusterModel
import GRPCCore

/// The process's exit status: a contract with scripts.
enum ExitCodes {
  static let failed: Int32 = 1
  static let usage: Int32 = 2
  static let notFound: Int32 = 3
  static let conflict: Int32 = 4
  static let unavailable: Int32 = 5
  static let timedOut: Int32 = 6
  static let denied: Int32 = 7
  /// As shells report a death by SIGINT.
  static let interrupted: Int32 = 130

  static func code(of code: WarrenError.Code) -> Int32 {
    switch code {
    case .invalidArgument: usage
    case .notFound: notFound
    case .alreadyExists, .conflict: conflict
    case .permissionDenied, .unauthenticated: denied
    case .unavailable: unavailable
    case .deadlineExceeded: timedOut
    case .cancelled: interrupted
    case .resourceExhausted, .failedPrecondition, .unimplemented, .dataLoss, .internalError: failed
    }
  }

  static func code(of code: RPCError.Code) -> Int32 {
    switch code {
    case .invalidArgument, .outOfRange: usage
    case .notFound: notFound
    case .alreadyExists, .aborted: conflict
    case .permissionDenied, .unauthenticated: denied
    case .unavailable: unavailable
    case .deadlineExceeded: timedOut
    case .cancelled: interrupted
    default: failed
    }
  }

  /// What to print (nil: nothing) and the status to exit with. `root` formats errors of the argument parser.
  static func outcome(of error: any Error, root: any ParsableCommand.Type) -> (message: String?, code: Int32) {
    switch error {
    case let error as WarrenError: return ("error: \(flat(error.description))", code(of: error.code))
    case let error as RPCError: return ("error: \(flat(error.message))", code(of: error.code))
    case let error as ExitCode: return (nil, error.rawValue)
    case is CancellationError: return ("error: interrupted", interrupted)
    default: break
    }
    let parsed = root.exitCode(for: error)
    if parsed == .success { return (root.fullMessage(for: error), 0) }
    guard parsed == .validationFailure else { return ("error: \(flat(root.message(for: error)))", failed) }
    // The first line says what is wrong; usage and suggestions would make several lines of it.
    let lines = root.fullMessage(for: error).split(separator: "\n").map(String.init)
    var message = root.message(for: error)
    if message.hasSuffix(".") { message.removeLast() }
    let help = lines.last { $0.hasPrefix("  See '") }.map { $0.trimmingPrefix("  See ").description } ?? "'\(root._commandName) --help' for more"
    return ("error: \(flat(message)); see \(help)", usage)
  }

  private static func flat(_ text: String) -> String {
    TextTable.singleLine(text).split(separator: " ", omittingEmptySubsequences: true).joined(separator: " ")
  }
}
