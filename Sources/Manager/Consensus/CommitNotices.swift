import Raft

/// Messages of a leader that say nothing but how far the log is committed.
///
/// They would be half of all messages, one and its answer for each entry and member. Whoever writes one entry after the other has the next one on
/// its way within milliseconds, and every message with entries says the same: so a notice waits for one, at most until the next tick.
/// It leaves at once when somebody at the member waits: who proposed an entry there, or whoever the state machine knows of.
struct CommitNotices {
  private var kept: [MemberID: Message] = [:]
  /// Up to where the log has what callers of these members proposed.
  private var awaited: [MemberID: LogIndex] = [:]

  /// An entry up to this one was proposed by a caller of the member.
  mutating func expect(_ index: LogIndex, for member: MemberID) { awaited[member] = max(awaited[member] ?? 0, index) }

  /// Takes messages one by one, in the order in which the node makes them, and passes on what is to be sent now.
  mutating func pass(_ message: Message, to outbox: inout [Message]) {
    let earlier = kept.removeValue(forKey: message.to)
    guard message.kind == .append else {
      // It may rest on what was kept, as the answer to a read does.
      if let earlier { outbox.append(earlier) }
      return outbox.append(message)
    }
    // Whatever becomes of it, it says at least what the earlier notice did.
    let last = awaited[message.to]
    if let last, last <= message.commit { awaited[message.to] = nil }
    if message.entries.isEmpty, last == nil {
      kept[message.to] = message
    } else {
      outbox.append(message)
    }
  }

  /// What has waited long enough.
  mutating func release() -> [Message] {
    defer { kept = [:] }
    return Array(kept.values)
  }
}
