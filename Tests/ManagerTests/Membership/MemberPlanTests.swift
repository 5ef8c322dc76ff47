import ClusterModel
import Raft
import Testing

@testable import Manager

@Suite struct MemberPlanTests {
  /// Member 1 leads; all of `voters` and `learners` were heard of a moment ago and have everything, unless said otherwise.
  private func overview(
    voters: MemberSet, learners: MemberSet = [], away: [MemberID: Duration] = [:], behind: [MemberID: UInt64] = [:], isChanging: Bool = false
  ) -> RaftOverview {
    let others = voters.union(learners).filter { $0 != 1 }
    return RaftOverview(
      own: 1, leader: 1, isLeader: true, term: 2, configuration: ConfigurationState(voters: voters, learners: learners),
      isChangingMembers: isChanging, commit: 5000,
      matches: Dictionary(uniqueKeysWithValues: others.map { ($0, 5000 - behind[$0, default: 0]) }),
      silence: Dictionary(uniqueKeysWithValues: others.map { ($0, away[$0] ?? .zero) }))
  }

  private func step(_ kind: ConfigurationChange.Step.Kind, _ member: MemberID) -> MemberPlan.Step {
    .change(ConfigurationChange([.init(kind, member)]))
  }

  @Test func aNewManagerBeginsAsALearner() {
    #expect(MemberPlan(wanted: [1, 2], overview: overview(voters: [1])).next == step(.addLearner, 2))
  }

  @Test func aLearnerThatHasProvedItselfBecomesAVoter() {
    let learner = overview(voters: [1], learners: [2])
    #expect(MemberPlan(wanted: [1, 2], overview: learner).next == nil)
    #expect(MemberPlan(wanted: [1, 2], proven: [2], overview: learner).next == step(.addVoter, 2))
  }

  @Test func aLearnerProvesItselfInTwoSecondsWithoutABreak() {
    let well = overview(voters: [1], learners: [2], behind: [2: 250])
    var never = overview(voters: [1], learners: [2])
    never.silence = [:]
    var follower = well
    follower.isLeader = false
    let unwell = [
      overview(voters: [1], learners: [2], behind: [2: 251]), overview(voters: [1], learners: [2], behind: [2: 5000]),
      overview(voters: [1], learners: [2], away: [2: .seconds(4)]), overview(voters: [1]), never, follower,
    ]
    for breakage in unwell {
      var trial = LearnerTrial(interval: .milliseconds(500))
      for _ in 0..<4 { #expect(trial.look(well) == []) }
      #expect(trial.look(breakage) == [])
      for _ in 0..<4 { #expect(trial.look(well) == []) }
      #expect(trial.look(well) == [2] && trial.look(well) == [2])
    }
  }

  @Test func whoIsNoManagerAnyMoreGoes() {
    #expect(MemberPlan(wanted: [1, 2], overview: overview(voters: [1, 2, 3])).next == step(.remove, 3))
    #expect(MemberPlan(wanted: [1], overview: overview(voters: [1], learners: [3])).next == step(.remove, 3))
  }

  @Test func aRemovalThatWouldCostTheQuorumWaits() {
    let alone = overview(voters: [1, 2, 3], away: [2: .seconds(60)])
    #expect(MemberPlan(wanted: [1, 2], overview: alone).next == nil)
    #expect(MemberPlan(wanted: [1, 2], forced: [3], overview: alone).next == step(.remove, 3))
    let gone = overview(voters: [1, 2, 3], away: [3: .seconds(60)])
    #expect(MemberPlan(wanted: [1, 2], overview: gone).next == step(.remove, 3))
  }

  @Test func aLeaderThatGoesLetsAnotherLeadFirst() {
    #expect(MemberPlan(wanted: [2, 3], overview: overview(voters: [1, 2, 3], behind: [2: 9])).next == .handOver(to: 3))
    #expect(MemberPlan(wanted: [2, 3], overview: overview(voters: [1, 2, 3], away: [2: .seconds(9), 3: .seconds(9)])).next == nil)
  }

  @Test func oneStepAtATime() {
    #expect(MemberPlan(wanted: [1, 2], overview: overview(voters: [1], isChanging: true)).next == nil)
    var follower = overview(voters: [1])
    follower.isLeader = false
    #expect(MemberPlan(wanted: [1, 2], overview: follower).next == nil)
    #expect(MemberPlan(wanted: [], overview: overview(voters: [1])).next == nil)
  }

  @Test func aVoterThatIsAwayForLongGivesItsSeatUpWhenThatHelps() {
    let away: [MemberID: Duration] = [2: .seconds(300)]
    // One more may be lost then.
    #expect(MemberPlan(wanted: [1, 2, 3, 4], overview: overview(voters: [1, 2, 3, 4], away: away)).next == step(.addLearner, 2))
    // Of two that are left, none may be lost either way.
    #expect(MemberPlan(wanted: [1, 2, 3], overview: overview(voters: [1, 2, 3], away: away)).next == nil)
    #expect(MemberPlan(wanted: [1, 2, 3, 4], overview: overview(voters: [1, 2, 3, 4], away: [2: .seconds(299)])).next == nil)
  }
}
