/// Configuration, what is known of each member, and the votes of the election under way.
package struct ProgressTracker: Hashable, Sendable {
  package private(set) var configuration = Configuration()
  /// In the order of the members. A few: a search from the start beats everything else.
  private var members: [MemberID] = []
  private var progresses: [Progress] = []
  private var votes: [(member: MemberID, granted: Bool)] = []
  private let inflights: Inflights

  package init(inflights: Inflights) { self.inflights = inflights }

  package var ids: [MemberID] { members }

  package subscript(member: MemberID) -> Progress? {
    get { members.firstIndex(of: member).map { progresses[$0] } }
    set {
      let place = members.firstIndex { $0 >= member } ?? members.count
      let known = place < members.count && members[place] == member
      switch (newValue, known) {
      case (let progress?, true): progresses[place] = progress
      case (let progress?, false):
        members.insert(member, at: place)
        progresses.insert(progress, at: place)
      case (nil, true):
        members.remove(at: place)
        progresses.remove(at: place)
      case (nil, false): break
      }
    }
  }

  /// In place, without copying its window.
  mutating func change<Result>(_ member: MemberID, _ body: (inout Progress) -> Result) -> Result? {
    guard let place = members.firstIndex(of: member) else { return nil }
    return body(&progresses[place])
  }

  mutating func changeAll(_ body: (MemberID, inout Progress) -> Void) {
    for place in members.indices { body(members[place], &progresses[place]) }
  }

  func fresh(match: LogIndex = 0, next: LogIndex, isLearner: Bool, recentActive: Bool = false) -> Progress {
    Progress(match: match, next: next, inflights: inflights, isLearner: isLearner, recentActive: recentActive)
  }

  /// The highest index that a quorum has in its log.
  package var committed: LogIndex {
    // The closure is to hold these two, not all of `self`: it runs for every acknowledgement.
    let (members, progresses) = (members, progresses)
    return configuration.voters.committedIndex { member in members.firstIndex(of: member).map { progresses[$0].match } ?? 0 }
  }

  /// Whether a quorum was heard of lately.
  var isQuorumActive: Bool {
    configuration.voters.result { member in
      guard let place = members.firstIndex(of: member), !progresses[place].isLearner else { return nil }
      return progresses[place].recentActive
    } == .won
  }

  var isSingleton: Bool { configuration.voters.incoming.count == 1 && !configuration.isJoint }

  mutating func resetVotes() { votes.removeAll() }

  /// The first vote of a member counts.
  mutating func record(_ member: MemberID, granted: Bool) {
    if !votes.contains(where: { $0.member == member }) { votes.append((member, granted)) }
  }

  var tally: VoteResult { configuration.voters.result { member in votes.first { $0.member == member }?.granted } }

  /// Takes on a configuration and the members that `change` made of it.
  package mutating func adopt(_ change: ConfigurationChanger) {
    configuration = change.configuration
    members = change.tracker.members
    progresses = change.tracker.progresses
  }

  package static func == (left: ProgressTracker, right: ProgressTracker) -> Bool {
    left.configuration == right.configuration && left.members == right.members && left.progresses == right.progresses
  }

  package func hash(into hasher: inout Hasher) {
    hasher.combine(configuration)
    hasher.combine(members)
  }
}
