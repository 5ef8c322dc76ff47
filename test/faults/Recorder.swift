import ClusterModel
import Glibc
import Synchronization

/// Collects the history while clients make it, and knows the services they may ask for.
final class Recorder: Sendable {
  private struct State {
    var history = History()
    var moment = 0
    var lastMark: UInt64 = 0
    var lastName = 0
    /// Services that were asked to be created and not yet to be deleted.
    var current: [String: History.Register] = [:]
    var retired: [String: History.Register] = [:]
  }

  private let prefix: String
  private let state = Mutex(State())

  /// - Parameter prefix: what services are called, without their number.
  init(prefix: String) { self.prefix = prefix }

  var history: History { state.withLock { $0.history } }
  var current: [(name: String, register: History.Register)] { Self.sorted(state.withLock { $0.current }) }
  /// All that there ever were.
  var all: [(name: String, register: History.Register)] { Self.sorted(state.withLock { $0.current.merging($0.retired) { one, _ in one } }) }

  private static func sorted(_ services: [String: History.Register]) -> [(name: String, register: History.Register)] {
    services.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
  }

  /// A name that no service had.
  func newService(_ register: History.Register) -> String {
    state.withLock {
      $0.lastName += 1
      let name = "\(prefix)-\($0.lastName)"
      $0.current[name] = register
      return name
    }
  }

  func retire(_ service: String) {
    state.withLock { if let register = $0.current.removeValue(forKey: service) { $0.retired[service] = register } }
  }

  func newMark() -> UInt64 {
    state.withLock {
      $0.lastMark += 1
      return $0.lastMark
    }
  }

  /// Writes down that a call begins.
  /// - Returns: its number.
  func begin(client: Int, _ service: String, _ register: History.Register, _ action: History.Action) -> Int {
    let now = Self.milliseconds
    return state.withLock {
      $0.moment += 1
      $0.history.calls.append(
        History.Call(client: client, managers: [], service: service, register: register, action: action, invoked: $0.moment, began: now))
      return $0.history.calls.count - 1
    }
  }

  func asks(_ call: Int, _ manager: String) { state.withLock { $0.history.calls[call].managers.append(manager) } }

  /// The call was answered. `action` is what the answer made of it: a change of something that is not there is a read that found nothing.
  func end(_ call: Int, as action: History.Action? = nil, seen: [UInt64]? = nil) {
    let now = Self.milliseconds
    state.withLock {
      $0.moment += 1
      if let action { $0.history.calls[call].action = action }
      $0.history.calls[call].returned = $0.moment
      $0.history.calls[call].seen = seen
      $0.history.calls[call].ended = now
    }
  }

  /// What became of the call is not known.
  func lose(_ call: Int, _ error: String) {
    let now = Self.milliseconds
    state.withLock {
      $0.history.calls[call].error = error
      $0.history.calls[call].ended = now
    }
  }

  func note(unexpected: String) { state.withLock { $0.history.unexpected.append("\(Self.milliseconds) \(unexpected)") } }
  func change(_ body: @Sendable (inout History) -> Void) { state.withLock { body(&$0.history) } }

  static var milliseconds: Int64 {
    var now = timespec()
    clock_gettime(CLOCK_REALTIME, &now)
    return Int64(now.tv_sec) * 1000 + Int64(now.tv_nsec) / 1_000_000
  }
}
