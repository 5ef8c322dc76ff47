import Testing

@testable import Raft
@testable import raft_script

@Suite struct TransferTests {
  @Test func anHeirThatIsUpToDateTakesOverAtOnce() throws {
    var scenario = try Scenario.led("checkquorum=true prevote=true")
    try scenario.run("transfer-leadership from=1 to=3", "process-ready 1")
    #expect(scenario.messages.map(\.kind) == [.timeoutNow])
    try scenario.run("stabilize")
    #expect(scenario.leaders == [3] && scenario[1].transferee == .none)
  }

  @Test func aFollowerPassesTheRequestOn() throws {
    var scenario = try Scenario.led()
    try scenario.run("transfer-leadership from=2 to=3", "stabilize")
    #expect(scenario.leaders == [3])
  }

  @Test func anHeirThatLagsGetsTheLogFirst() throws {
    var scenario = try Scenario.led()
    try scenario.run("propose 1 a", "process-ready 1", "deliver-msgs drop=(2)", "stabilize 1 3", "deliver-msgs drop=(2)")
    try scenario.run("transfer-leadership from=1 to=2")
    #expect(scenario[1].transferee == 2)
    try scenario.run("stabilize")
    #expect(scenario.leaders == [2] && scenario.applied(2) == "a")
  }

  @Test func proposalsAreRefusedMeanwhile() throws {
    var scenario = try Scenario.led()
    try scenario.run("transfer-leadership from=1 to=2")
    #expect(try scenario.refusal("propose 1 a") == "the proposal was dropped")
  }

  @Test func theLeaderGoesOnAfterAnElectionTimeout() throws {
    var scenario = try Scenario.led()
    try scenario.run("transfer-leadership from=1 to=2", "process-ready 1", "deliver-msgs drop=(2)", "tick-election 1")
    #expect(scenario[1].transferee == .none && scenario.leaders == [1])
    try scenario.run("propose 1 a", "stabilize")
    #expect(scenario.applied(1) == "a")
  }

  @Test func anotherHeirReplacesTheFirst() throws {
    var scenario = try Scenario.led()
    try scenario.run("transfer-leadership from=1 to=2", "transfer-leadership from=1 to=3")
    #expect(scenario[1].transferee == 3)
    try scenario.run("transfer-leadership from=1 to=1")
    #expect(scenario[1].transferee == .none, "the leader itself ends it")
  }

  @Test func whoCannotLeadInheritsNothing() throws {
    var scenario = try Scenario("add-nodes 3 voters=(1,2) learners=(3) index=10", "campaign 1", "stabilize")
    for heir in [3, 9] {
      try scenario.run("transfer-leadership from=1 to=\(heir)", "stabilize")
      #expect(scenario.leaders == [1] && scenario[1].transferee == .none)
    }
  }

  @Test func anHeirThatIsRemovedInheritsNothing() throws {
    var scenario = try Scenario.led()
    try scenario.run("propose-conf-change 1 r3", "process-ready 1", "deliver-msgs 2", "process-ready 2", "transfer-leadership from=1 to=3")
    try scenario.run("deliver-msgs drop=(3)", "stabilize 1 2", "stabilize 1 2")
    #expect(scenario[1].transferee == .none && scenario.leaders == [1])
  }
}
