import ClusterModel
import Testing

@Suite struct RestartDeciderTests {
  private static func policy(
    _ condition: RestartPolicy.Condition = .any, delay: Duration = .seconds(1), max: Int = 0, window: Duration = .zero
  ) -> RestartPolicy {
    var policy = RestartPolicy()
    policy.condition = condition
    policy.delay = delay
    policy.maxAttempts = max
    policy.window = window
    return policy
  }

  /// Decisions of a task that ends again and again with the same outcome, each attempt running `ranFor`.
  private static func decisions(
    _ count: Int, _ outcome: RestartDecider.Outcome, policy: RestartPolicy, ranFor: Duration = .zero
  ) -> [RestartDecider.Decision] {
    var decider = RestartDecider()
    return (0..<count).map { decider.attemptEnded(outcome, ranFor: ranFor, policy: policy, now: Timestamp(seconds: Int64($0))) }
  }

  private static func delays(_ decisions: [RestartDecider.Decision]) -> [Int64] {
    decisions.map { if case .restart(let delay) = $0 { delay.components.seconds } else { -1 } }
  }

  @Test func delayDoublesToAMinute() {
    #expect(Self.delays(Self.decisions(9, .exited(code: 1), policy: Self.policy())) == [1, 2, 4, 8, 16, 32, 60, 60, 60])
    #expect(Self.delays(Self.decisions(4, .couldNotStart, policy: Self.policy(delay: .seconds(25)))) == [25, 50, 60, 60])
  }

  @Test func aLongFirstDelayIsKeptAsItIs() {
    #expect(Self.delays(Self.decisions(3, .exited(code: 1), policy: Self.policy(delay: .seconds(300)))) == [300, 300, 300])
  }

  @Test func noDelayRestartsAtOnceButDoesNotSpin() {
    #expect(Self.delays(Self.decisions(5, .exited(code: 1), policy: Self.policy(delay: .zero))) == [0, 1, 2, 4, 8])
  }

  @Test func aHealthyMinuteStartsTheBackOffOver() {
    var decider = RestartDecider()
    let policy = Self.policy()
    let runs: [(ranFor: Int64, delay: Int64)] = [(0, 1), (1, 2), (59, 4), (60, 1), (0, 2), (3600, 1)]
    for run in runs {
      let decision = decider.attemptEnded(.exited(code: 1), ranFor: .seconds(run.ranFor), policy: policy, now: .epoch)
      #expect(decision == .restart(after: .seconds(run.delay)), "after running \(run.ranFor) s")
    }
  }

  @Test(arguments: [
    (RestartPolicy.Condition.none, RestartDecider.Outcome.exited(code: 0), TaskState.complete),
    (.none, .exited(code: 3), .failed),
    (.none, .couldNotStart, .failed),
    (.onFailure, .exited(code: 0), .complete),
  ])
  func givesUpByCondition(_ condition: RestartPolicy.Condition, _ outcome: RestartDecider.Outcome, _ state: TaskState) {
    guard case .giveUp(let given, _)? = Self.decisions(1, outcome, policy: Self.policy(condition)).first else {
      Issue.record("it was restarted")
      return
    }
    #expect(given == state)
  }

  @Test(arguments: [
    (RestartPolicy.Condition.any, RestartDecider.Outcome.exited(code: 0)), (.any, .exited(code: 137)), (.any, .couldNotStart),
    (.onFailure, .exited(code: 1)), (.onFailure, .couldNotStart),
  ])
  func restartsByCondition(_ condition: RestartPolicy.Condition, _ outcome: RestartDecider.Outcome) {
    #expect(Self.decisions(1, outcome, policy: Self.policy(condition)) == [.restart(after: .seconds(1))])
  }

  @Test func attemptsAreLimited() {
    let decisions = Self.decisions(4, .exited(code: 1), policy: Self.policy(max: 3))
    #expect(Self.delays(decisions) == [1, 2, 4, -1])
    #expect(decisions.last == .giveUp(state: .failed, reason: "gave up after 3 restarts"))
    #expect(Self.decisions(2, .exited(code: 0), policy: Self.policy(max: 1)).last == .giveUp(state: .complete, reason: "gave up after 1 restart"))
  }

  @Test func onlyRestartsWithinTheWindowCount() {
    var decider = RestartDecider()
    let policy = Self.policy(max: 2, window: .seconds(100))
    func end(at seconds: Int64) -> Bool {
      let decision = decider.attemptEnded(.exited(code: 1), ranFor: .seconds(70), policy: policy, now: Timestamp(seconds: seconds))
      return decision == .restart(after: .seconds(1))
    }
    #expect(end(at: 0))
    #expect(end(at: 90))
    #expect(end(at: 180), "the one at 0 no longer counts")
    #expect(!end(at: 185), "those at 90 and 180 do")
  }

  @Test func withoutAWindowEveryRestartCountsEvenAfterHealth() {
    #expect(Self.delays(Self.decisions(3, .exited(code: 1), policy: Self.policy(max: 2), ranFor: .seconds(7200))) == [1, 1, -1])
  }
}
