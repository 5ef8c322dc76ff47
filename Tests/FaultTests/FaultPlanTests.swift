import Testing

@testable import warren_faults

@Suite struct FaultPlanTests {
  private let minute = 60_000

  private func plans() -> [(seed: UInt64, plan: FaultPlan)] { (0..<200).map { ($0, FaultPlan(seed: $0, milliseconds: minute)) } }

  @Test func aSeedRepeatsItsPlan() {
    #expect(FaultPlan(seed: 7, milliseconds: minute).steps == FaultPlan(seed: 7, milliseconds: minute).steps)
    #expect(FaultPlan(seed: 7, milliseconds: minute).steps != FaultPlan(seed: 8, milliseconds: minute).steps)
  }

  @Test func allIsHealedAtTheEnd() {
    for (seed, plan) in plans() {
      let begun = plan.steps.filter { $0.begins && $0.kind.duration != nil }.map(\.number)
      let ended = plan.steps.filter { !$0.begins }.map(\.number)
      #expect(begun.sorted() == ended.sorted(), "seed \(seed)")
      #expect(plan.steps.allSatisfy { (0..<minute).contains($0.at) }, "seed \(seed)")
      #expect(plan.steps.map(\.at) == plan.steps.map(\.at).sorted(), "seed \(seed)")
    }
  }

  @Test func theShelteredWorkerIsLeftAlone() {
    for (seed, plan) in plans() {
      #expect(["h4", "h5"].contains(plan.sheltered), "seed \(seed)")
      #expect(!plan.steps.contains { $0.target == plan.sheltered }, "seed \(seed)")
    }
    #expect(Set(plans().map(\.plan.sheltered)) == ["h4", "h5"])
  }

  @Test func aMinuteHasFaultsOfManagersWorkersAndMembership() {
    for (seed, plan) in plans() {
      let targets = plan.steps.filter(\.begins).map(\.target)
      #expect(targets.count { ["h1", "h2", "h3", FaultPlan.Machines.leader, "managers"].contains($0) } >= 5, "seed \(seed)")
      #expect(targets.count { ["h4", "h5"].contains($0) } >= 4, "seed \(seed)")
      let guest = plan.steps.filter { $0.target == "h6" }.map(\.kind)
      #expect(guest.count == 2 && [.joinManager, .joinWorker].contains(guest[0]) && [.leave, .remove].contains(guest[1]), "seed \(seed)")
    }
    #expect(Set(plans().flatMap { $0.plan.steps.map(\.kind) }) == Set(FaultKind.allCases))
  }

  @Test func aMachineHasOneFaultAtATimeAndAllManagersAreRestartedByThemselves() {
    for (seed, plan) in plans() {
      var now: [FaultPlan.Step] = []
      for step in plan.steps where step.kind.duration != nil {
        guard step.begins else {
          now.removeAll { $0.number == step.number }
          continue
        }
        if step.target == "h6" { continue }
        let managers = now.filter { !["h4", "h5"].contains($0.target) }
        #expect(!now.contains { $0.target == step.target }, "seed \(seed): \(step)")
        if step.kind == .restartAll { #expect(managers.isEmpty, "seed \(seed): \(step)") }
        if !["h4", "h5"].contains(step.target) { #expect(!managers.contains { $0.kind == .restartAll }, "seed \(seed): \(step)") }
        now.append(step)
      }
    }
  }

  @Test func managersAreSometimesLostTwoAtATime() {
    let overlap = plans().contains { _, plan in
      var now = 0
      for step in plan.steps where !["h4", "h5", "h6"].contains(step.target) {
        now += step.begins ? 1 : -1
        if now == 2 { return true }
      }
      return false
    }
    #expect(overlap)
  }
}
