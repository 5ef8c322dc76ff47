package enum VoteResult: Sendable {
  case pending
  case lost
  case won
}

/// Two majorities have a member in common: whatever one of them agreed to, the next one knows (Raft paper, 5.4.3).
package enum MajorityQuorum {
  /// The highest index that a majority has acknowledged. Without members everything is: a half of a joint quorum that is empty decides nothing.
  package static func committedIndex(_ members: MemberSet, acknowledged: (MemberID) -> LogIndex) -> LogIndex {
    let count = members.count
    if count == 0 { return .max }
    if count == 1 { return acknowledged(members[0]) }
    // In the order of acknowledgement, the one at this place is reached by a majority.
    return withUnsafeTemporaryAllocation(of: LogIndex.self, capacity: count) { indexes in
      for (place, member) in members.enumerated() {
        let index = acknowledged(member)
        var hole = place
        while hole > 0, indexes[hole - 1] > index {
          indexes[hole] = indexes[hole - 1]
          hole -= 1
        }
        indexes[hole] = index
      }
      return indexes[count - (count / 2 + 1)]
    }
  }

  /// - Parameter vote: nil for one who has not voted.
  package static func result(_ members: MemberSet, vote: (MemberID) -> Bool?) -> VoteResult {
    if members.isEmpty { return .won }
    var granted = 0
    var missing = 0
    for member in members {
      switch vote(member) {
      case true?: granted += 1
      case false?: break
      case nil: missing += 1
      }
    }
    let needed = members.count / 2 + 1
    if granted >= needed { return .won }
    return granted + missing >= needed ? .pending : .lost
  }
}

/// The voters: while a change of several of them is under way, a majority of the new and one of the old (Raft paper, 6: joint consensus).
package struct JointQuorum: Hashable, Sendable {
  package var incoming: MemberSet
  /// Empty unless a change is under way.
  package var outgoing: MemberSet

  package init(incoming: MemberSet = [], outgoing: MemberSet = []) {
    self.incoming = incoming
    self.outgoing = outgoing
  }

  package var isJoint: Bool { !outgoing.isEmpty }
  package var members: MemberSet { outgoing.isEmpty ? incoming : incoming.union(outgoing) }

  package func committedIndex(acknowledged: (MemberID) -> LogIndex) -> LogIndex {
    let index = MajorityQuorum.committedIndex(incoming, acknowledged: acknowledged)
    return outgoing.isEmpty ? index : min(index, MajorityQuorum.committedIndex(outgoing, acknowledged: acknowledged))
  }

  package func result(vote: (MemberID) -> Bool?) -> VoteResult {
    switch (MajorityQuorum.result(incoming, vote: vote), MajorityQuorum.result(outgoing, vote: vote)) {
    case (.won, .won): .won
    case (.lost, _), (_, .lost): .lost
    default: .pending
    }
  }
}
