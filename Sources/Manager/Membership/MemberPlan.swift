import ClusterModel
import Raft

/// What the leader changes next, so that the members of Raft become the managers of the store: one step at a time, each from what is, so that
/// a crash or another leader in between changes nothing. Pure.
///
/// A new manager begins as a learner, which counts in no quorum, and becomes a voter once it has proved itself (`LearnerTrial`).
struct MemberPlan {
  enum Step: Equatable {
    case change(ConfigurationChange)
    /// This member is to go: another has to lead first.
    case handOver(to: MemberID)
  }

  /// The managers of the store.
  var wanted: MemberSet
  /// Of those that are not wanted any more: who goes whatever that costs.
  var forced: MemberSet = []
  /// Learners that are to get a vote.
  var proven: MemberSet = []
  var overview: RaftOverview

  /// A voter that is away for longer gives its seat up when that makes the loss of another one bearable.
  static let autopilotPatience = Duration.seconds(300)

  private var voters: MemberSet { overview.configuration.voters }

  /// Nil when there is nothing to do, or nothing that can be done now.
  var next: Step? {
    guard overview.isLeader, !overview.isChangingMembers, !wanted.isEmpty else { return nil }
    return removal ?? addition ?? promotion ?? seat
  }

  private var removal: Step? {
    let surplus = voters.union(overview.configuration.learners).filter { !wanted.contains($0) }
    for member in surplus where member != overview.own {
      if !voters.contains(member) || forced.contains(member) || keepsQuorum(without: member) {
        return .change(ConfigurationChange([.init(.remove, member)]))
      }
    }
    guard surplus.contains(overview.own) else { return nil }
    let heirs = voters.filter { $0 != overview.own && overview.isActive($0) }
    return heirs.min { overview.lag(of: $0) < overview.lag(of: $1) }.map { .handOver(to: $0) }
  }

  private var addition: Step? {
    let known = voters.union(overview.configuration.learners)
    return wanted.first { !known.contains($0) }.map { .change(ConfigurationChange([.init(.addLearner, $0)])) }
  }

  private var promotion: Step? {
    overview.configuration.learners.first { proven.contains($0) }.map { .change(ConfigurationChange([.init(.addVoter, $0)])) }
  }

  private var seat: Step? {
    guard tolerance(of: voters) == 0 else { return nil }
    let dead = voters.first { $0 != overview.own && overview.silence[$0].map { $0 >= Self.autopilotPatience } ?? false }
    guard let dead else { return nil }
    var rest = voters
    rest.remove(dead)
    return tolerance(of: rest) > 0 ? .change(ConfigurationChange([.init(.addLearner, dead)])) : nil
  }

  /// How many more voters may be lost.
  private func tolerance(of voters: MemberSet) -> Int { voters.count { overview.isActive($0) } - (voters.count / 2 + 1) }

  private func keepsQuorum(without member: MemberID) -> Bool {
    var rest = voters
    rest.remove(member)
    return !rest.isEmpty && tolerance(of: rest) >= 0
  }
}
