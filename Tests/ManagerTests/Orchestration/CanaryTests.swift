import ClusterModel
import Testing

@testable import Manager

/// A share of the slots first, the next with each promotion.
@Suite struct CanaryTests {
  private func web(replicas: Int = 10, weights: [Int], _ change: (inout ServiceSpec) -> Void = { _ in }) throws -> RolloutFixture {
    try RolloutFixture(replicas: replicas) {
      $0.update.strategy = .canary(weights: weights)
      change(&$0)
    }
  }

  private func updated(_ web: RolloutFixture) -> Int { web.serving.count { $0.hasSuffix("@2") } }

  @Test func itGoesFromShareToShare() throws {
    var web = try web(weights: [10, 35])
    try web.update()
    for (share, words) in [(1, "1 of 10 tasks run revision 2"), (4, "4 of 10 tasks run revision 2")] {
      try web.finish { #expect(updated($0) <= share && $0.serving.count >= 10) }
      #expect(web.rollout?.state == .staged && web.rollout?.message == words && updated(web) == share)
      try web.advance(.seconds(3600))
      try web.settle()
      #expect(updated(web) == share && web.wanted.count == 10)
      try web.change { try $0.promoteRollout(at: $1) }
    }
    try web.finish()
    #expect(web.rollout?.state == .completed && updated(web) == 10 && web.wanted.count == 10)
  }

  @Test func goingBackTouchesOnlyTheCanary() throws {
    var web = try web(weights: [20])
    let before = Set(web.wanted.map(\.id))
    try web.update()
    try web.finish()
    #expect(updated(web) == 2)
    try web.change { try $0.rollBack(to: nil, at: $1) }
    try web.finish { #expect($0.serving.count >= 10) }
    #expect(web.rollout?.state == .completed && updated(web) == 0)
    #expect(Set(web.wanted.map(\.id)).intersection(before).count == 8)
  }

  @Test func newSlotsOfAStagedCanaryAreOld() throws {
    var web = try web(replicas: 4, weights: [25])
    try web.update()
    try web.finish()
    try web.change { service, _ in service.spec.mode = .replicated(replicas: 6) }
    try web.settle()
    #expect(updated(web) == 1 && web.wanted.count == 6)
  }

  @Test func aBadCanaryIsStoppedAtItsFirstTask() throws {
    var web = try web(weights: [50]) { $0.update.failureAction = .rollback }
    let before = Set(web.wanted.map(\.id))
    try web.update()
    try web.finish(bad: ["web:2"]) { #expect($0.serving.count == 10) }
    #expect(web.rollout?.kind == .rollback && Set(web.wanted.map(\.id)) == before)
  }

  @Test func aShareThatIsAllOfTheSlotsIsNotWaitedFor() throws {
    var web = try web(replicas: 1, weights: [10])
    try web.update()
    try web.finish()
    #expect(web.rollout?.state == .completed)
  }

  @Test func sharesAreRoundedUp() {
    var rollout = Rollout(.update, from: 1, to: 2, at: .epoch)
    #expect(rollout.share(of: 10) == nil)
    rollout.strategy = .canary(weights: [10, 50])
    #expect([1, 2, 10, 11, 25].map(rollout.share) == [nil, 1, 1, 2, 3])
    rollout.promotions = 1
    #expect(rollout.share(of: 25) == 13)
    rollout.promotions = 2
    #expect(rollout.share(of: 25) == nil)
  }

  @Test func weightsGrowAndAreShares() throws {
    var policy = UpdatePolicy()
    for weights in [[], [0], [100], [50, 10], [10, 10], Array(1...11)] {
      policy.strategy = .canary(weights: weights)
      #expect(throws: WarrenError.self, "\(weights)") { try policy.validate(of: "update") }
    }
    policy.strategy = .canary(weights: [10, 50, 99])
    try policy.validate(of: "update")
  }
}
