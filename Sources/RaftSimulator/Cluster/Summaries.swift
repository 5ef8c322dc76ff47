import Raft

extension ConfigurationState {
  var isJoint: Bool { !votersOutgoing.isEmpty }
  var members: MemberSet { voters.union(votersOutgoing).union(learners).union(learnersNext) }

  func contains(_ member: MemberID) -> Bool { members.contains(member) }

  /// Counted apart from the core, which is what is being tested.
  func hasQuorum(_ counts: (MemberID) -> Bool) -> Bool {
    [voters, votersOutgoing].allSatisfy { half in half.isEmpty || 2 * half.filter(counts).count > half.count }
  }

  /// As the traces print it: voters (outgoing voters) learners.
  var summary: String {
    var text = "voters \(voters.map(\.rawValue))"
    if isJoint { text += " from \(votersOutgoing.map(\.rawValue))\(autoLeave ? " (leaves by itself)" : "")" }
    if !learners.isEmpty { text += " learners \(learners.map(\.rawValue))" }
    if !learnersNext.isEmpty { text += " learners next \(learnersNext.map(\.rawValue))" }
    return text
  }
}

extension ConfigurationChange {
  var summary: String {
    if steps.isEmpty { return "to leave the joint configuration" }
    return "\(steps.map { "\($0.kind) \($0.member)" }.joined(separator: ", ")) (\(transition))"
  }
}

extension Message {
  var summary: String {
    var text = "\(kind) \(from)->\(to) term \(term)"
    if kind == .append || kind == .vote || kind == .preVote { text += " after \(logTerm)/\(index)" } else if index > 0 { text += " index \(index)" }
    if !entries.isEmpty { text += " entries " + entries.map { "\($0.term)/\($0.index)\($0.kind == .command ? "" : "c")" }.joined(separator: " ") }
    if commit > 0 { text += " commit \(commit)" }
    if isRejection { text += " rejected, hint \(rejectHint)" }
    if let snapshot { text += " snapshot \(snapshot.metadata.term)/\(snapshot.metadata.index)" }
    if readPosition > 0 { text += " read \(readPosition)" }
    return text
  }
}

extension UInt64 {
  var littleEndianBytes: [UInt8] { stride(from: UInt64(0), to: 64, by: 8).map { UInt8(truncatingIfNeeded: self >> $0) } }

  init(littleEndianBytes bytes: [UInt8]) {
    self = bytes.prefix(8).enumerated().reduce(0) { $0 | UInt64($1.element) << UInt64(8 * $1.offset) }
  }
}
