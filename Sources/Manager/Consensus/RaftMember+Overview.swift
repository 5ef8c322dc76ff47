import ClusterModel
import NIOConcurrencyHelpers
package import Raft

/// The group as one member sees it.
package struct RaftOverview: Sendable {
  package var own: MemberID
  /// `.none` when it knows of no leader.
  package var leader: MemberID
  package var isLeader: Bool
  package var term: Term
  package var configuration: ConfigurationState
  package var isChangingMembers: Bool
  package var commit: LogIndex
  /// How far the others' logs are known to agree with the leader's; empty elsewhere.
  package var matches: [MemberID: LogIndex]
  /// How long ago each was last heard of, since this process began.
  package var silence: [MemberID: Duration]

  package init(
    own: MemberID, leader: MemberID, isLeader: Bool, term: Term, configuration: ConfigurationState, isChangingMembers: Bool, commit: LogIndex,
    matches: [MemberID: LogIndex], silence: [MemberID: Duration]
  ) {
    self.own = own
    self.leader = leader
    self.isLeader = isLeader
    self.term = term
    self.configuration = configuration
    self.isChangingMembers = isChangingMembers
    self.commit = commit
    self.matches = matches
    self.silence = silence
  }

  /// A cluster of one.
  package static var alone: RaftOverview {
    RaftOverview(
      own: 1, leader: 1, isLeader: true, term: 1, configuration: ConfigurationState(voters: [1]), isChangingMembers: false, commit: 0, matches: [:],
      silence: [:])
  }

  /// A member that was not heard of for longer counts as away.
  package static let patience = Duration.seconds(3)

  package func isActive(_ member: MemberID) -> Bool { member == own || silence[member].map { $0 <= Self.patience } ?? false }

  /// Entries that the leader has and the member is not known to have.
  package func lag(of member: MemberID) -> UInt64 { member == own ? 0 : commit - min(commit, matches[member] ?? 0) }
}

extension RaftMember {
  package var overview: RaftOverview {
    state.withLockedValue { state in
      let node = state.node
      let tick = timing.tick ?? .milliseconds(10)
      var matches: [MemberID: LogIndex] = [:]
      if node.isLeader { for (member, progress) in node.progress { matches[member] = progress.match } }
      return RaftOverview(
        own: node.id, leader: node.softState.leader, isLeader: state.leadership.isLeader, term: node.hardState.term,
        configuration: node.configuration.state, isChangingMembers: node.isChangingMembers, commit: node.log.committed, matches: matches,
        silence: state.heard.mapValues { tick * Int(state.now - $0.tick) })
    }
  }

  /// Nobody else takes part.
  package var isAlone: Bool { state.withLockedValue { $0.isAlone } }

  /// How the members are called, for people.
  package func setNames(_ names: [MemberID: String]) { state.withLockedValue { $0.names = names } }

  /// Lets another member lead, if there is one that can, and returns when it does or cannot in time.
  package func handLeadershipOver() async {
    change { handOver(&$0) }
    await leave()
  }

  /// Lets a certain member lead, if it can.
  package func handLeadershipOver(to member: MemberID) { change { $0.node.transferLeadership(to: member) } }
}

extension RaftMember.State {
  /// Voters that were not heard of lately, for people.
  func missing(at moment: ContinuousClock.Instant) -> [MemberID] {
    node.configuration.voters.members.filter { id in
      id != node.id && (heard[id].map { moment - $0.time > RaftOverview.patience } ?? true)
    }
  }
}
