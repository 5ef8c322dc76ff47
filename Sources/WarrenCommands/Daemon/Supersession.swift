import ClusterModel
import Logging
import Manager
import NIOConcurrencyHelpers

/// What a manager does that hears that its cluster was recovered or restored without it: it notes that for ever, and ends.
final class Supersession: Sendable {
  private struct State {
    var log: RaftMember?
    var reason: WarrenError?
  }

  private let mark: SupersededMark
  private let logger: Logger
  private let state = NIOLockedValueBox(State())

  init(_ dataDirectory: String, logger: Logger) {
    mark = SupersededMark(dataDirectory)
    self.logger = logger
  }

  /// - Parameter manager: where one of the new group is reached; may be empty.
  func heard(from manager: String) {
    let log: RaftMember? = state.withLockedValue { state in
      if state.reason != nil { return nil }
      state.reason = mark.error(by: manager)
      return state.log
    }
    do { try mark.write(by: manager) } catch { logger.error("superseded.not-noted", metadata: ["error": "\(error)"]) }
    log?.withdraw(because: mark.error(by: manager))
  }

  /// The member that must not take part any more then.
  func attach(to log: RaftMember) {
    let reason = state.withLockedValue { state in
      state.log = log
      return state.reason
    }
    if let reason { log.withdraw(because: reason) }
  }
}
