import NIOConcurrencyHelpers
import Raft

/// Where any thread leaves messages for the event loop to send.
final class Outbox: Sendable {
  private struct Queues {
    var control: SendQueue
    var bulk: SendQueue

    subscript(_ purpose: Purpose) -> SendQueue {
      get { purpose == .control ? control : bulk }
      set { if purpose == .control { control = newValue } else { bulk = newValue } }
      _modify { if purpose == .control { yield &control } else { yield &bulk } }
    }
  }

  private struct State {
    var queues: [MemberID: Queues] = [:]
    var leftovers = Leftovers()
    var isScheduled = false
  }

  /// What does not go into a queue.
  struct Leftovers {
    /// How many messages for each member were dropped.
    var dropped: [MemberID: Int] = [:]
    var snapshots: [Message] = []
  }

  private let limits: TransportLimits
  private let state = NIOLockedValueBox(State())

  init(limits: TransportLimits) { self.limits = limits }

  /// - Returns: whether the event loop must be woken; it is not told again before it has called `begin`.
  func add(_ messages: [Message]) -> Bool {
    state.withLockedValue { state in
      for message in messages {
        guard let purpose = Purpose(of: message) else { continue }
        if purpose == .snapshot {
          state.leftovers.snapshots.append(message)
        } else if state.queues[message.to]?[purpose].add(message) != true {
          state.leftovers.dropped[message.to, default: 0] += 1
        }
      }
      defer { state.isScheduled = true }
      return !state.isScheduled
    }
  }

  func begin() -> Leftovers {
    state.withLockedValue { state in
      defer { state.leftovers = Leftovers() }
      state.isScheduled = false
      return state.leftovers
    }
  }

  func take(_ member: MemberID, _ purpose: Purpose, bytes: Int) -> [Message] {
    state.withLockedValue { $0.queues[member]?[purpose].take(bytes) ?? [] }
  }

  func queuedBytes(_ member: MemberID) -> Int {
    state.withLockedValue { state in state.queues[member].map { $0.control.bytes + $0.bulk.bytes } ?? 0 }
  }

  func open(_ member: MemberID, _ purpose: Purpose) {
    state.withLockedValue { $0.queues[member, default: queues][purpose].isOpen = true }
  }

  /// - Returns: how many messages were dropped.
  func close(_ member: MemberID, _ purpose: Purpose) -> Int { state.withLockedValue { $0.queues[member]?[purpose].close() ?? 0 } }

  func remove(_ member: MemberID) { state.withLockedValue { $0.queues[member] = nil } }

  private var queues: Queues { Queues(control: SendQueue(limit: limits.control), bulk: SendQueue(limit: limits.bulk)) }
}
