package import Raft

/// As snapshots keep it: the number of each list, its members (8 bytes, little endian), whether a joint configuration ends by itself.
extension ConfigurationState {
  package var bytes: [UInt8] {
    var bytes: [UInt8] = []
    for members in [voters, votersOutgoing, learners, learnersNext] {
      bytes.append(UInt8(truncatingIfNeeded: members.count))
      for member in members {
        for shift in stride(from: 0, to: 64, by: 8) { bytes.append(UInt8(truncatingIfNeeded: member.rawValue >> UInt64(shift))) }
      }
    }
    return bytes + [autoLeave ? 1 : 0]
  }

  /// Nil when that is not what `bytes` makes.
  package init?(bytes: [UInt8]) {
    var rest = bytes[...]
    func members() -> MemberSet? {
      guard let count = rest.popFirst(), rest.count >= 8 * Int(count) else { return nil }
      var members: MemberSet = []
      for _ in 0..<count {
        members.insert(MemberID(rawValue: rest.prefix(8).enumerated().reduce(0) { $0 | UInt64($1.element) << UInt64(8 * $1.offset) }))
        rest = rest.dropFirst(8)
      }
      return members
    }
    guard let voters = members(), let outgoing = members(), let learners = members(), let next = members(), rest.count == 1 else { return nil }
    self.init(voters: voters, votersOutgoing: outgoing, learners: learners, learnersNext: next, autoLeave: rest.first == 1)
  }
}
