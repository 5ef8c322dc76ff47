import ClusterModel
import Raft
import Testing

@testable import Manager

/// Who may go, or change its role, and what people are told.
@Suite struct MembershipRulesTests {
  /// Managers m1, m2, … with their numbers, as voters of whom `away` are gone; workers beside them.
  private static func rules(managers: Int, away: Set<Int> = [], workers: [ClusterNode] = [], tasksOn: NodeID? = nil) throws -> MembershipRules {
    var transaction = StoreTransaction(base: StoreView())
    for number in 1...managers { try transaction.put(manager(number)) }
    for worker in workers { try transaction.put(worker) }
    if let tasksOn {
      var task = ClusterTask(
        id: "t1", serviceID: "s1", serviceName: "web", slot: 1, revision: 1, spec: TaskSpec(container: ContainerSpec(image: "nginx")))
      task.nodeID = tasksOn
      task.status.state = .running
      try transaction.put(task)
    }
    let members = (1...managers).map { MemberID(rawValue: UInt64($0)) }
    let overview = RaftOverview(
      own: 1, leader: 1, isLeader: true, term: 1, configuration: ConfigurationState(voters: MemberSet(members)), isChangingMembers: false, commit: 9,
      matches: [:],
      silence: Dictionary(uniqueKeysWithValues: members.map { ($0, away.contains(Int($0.rawValue)) ? .seconds(60) : .zero) }))
    return MembershipRules(view: transaction.view, overview: overview)
  }

  private static func manager(_ number: Int) -> ClusterNode {
    var node = ClusterNode(id: NodeID("m\(number)"), roles: [.manager], description: NodeDescription(hostname: "m\(number)"))
    (node.memberID, node.state) = (UInt64(number), .ready)
    return node
  }

  private static func worker(_ state: ClusterNode.State = .ready) -> ClusterNode {
    var node = ClusterNode(id: "w1", roles: [.worker], description: NodeDescription(hostname: "w1"))
    node.state = state
    return node
  }

  @Test func theLastManagerStays() throws {
    let rules = try Self.rules(managers: 1)
    for force in [false, true] {
      let removal = #expect(throws: WarrenError.self) { try rules.removal(of: Self.manager(1), force: force) }
      #expect(removal?.message.contains("only manager") == true)
      #expect(throws: WarrenError.self) { try rules.demotion(of: Self.manager(1), force: force) }
    }
  }

  @Test func whoWouldTakeTheQuorumAlongStaysUnlessForced() throws {
    let rules = try Self.rules(managers: 3, away: [3])
    let refusal = #expect(throws: WarrenError.self) { try rules.removal(of: Self.manager(2), force: false) }
    #expect(refusal?.message.contains("removing m2 leaves 2 managers that vote, of which 2 have to be there and 1 is") == true)
    #expect(refusal?.message.hasSuffix("remove it first: warren node remove m3") == true)
    #expect(throws: WarrenError.self) { try rules.demotion(of: Self.manager(2), force: false) }
    #expect(try rules.removal(of: Self.manager(2), force: true).first?.contains("it was forced") == true)
    // The one that is gone may go, and of five of which one is gone, anyone.
    #expect(try rules.removal(of: Self.manager(3), force: false).count == 1)
    #expect(try Self.rules(managers: 5, away: [5]).removal(of: Self.manager(2), force: false).count == 1)
    #expect(throws: WarrenError.self) { try Self.rules(managers: 5, away: [4, 5]).removal(of: Self.manager(2), force: false) }
  }

  @Test func anEvenNumberIsRemarkedOn() throws {
    #expect(try Self.rules(managers: 3).removal(of: Self.manager(2), force: false).first?.hasPrefix("2 managers survive") == true)
    #expect(try Self.rules(managers: 2).removal(of: Self.manager(2), force: false).isEmpty)
    let promotes = try Self.rules(managers: 1, workers: [Self.worker()])
    #expect(try promotes.promotion(of: Self.worker()).first?.hasPrefix("2 managers survive") == true)
    #expect(try Self.rules(managers: 2, workers: [Self.worker()]).promotion(of: Self.worker()).isEmpty)
  }

  @Test func aWorkerThatIsUpStaysUnlessForcedOrItLeaves() throws {
    let idle = try Self.rules(managers: 1, workers: [Self.worker()])
    #expect(throws: WarrenError.self) { try idle.removal(of: Self.worker(), force: false) }
    #expect(try idle.removal(of: Self.worker(), force: true).isEmpty)
    #expect(try idle.removal(of: Self.worker(), force: false, isOwnWish: true).isEmpty)
    #expect(try idle.removal(of: Self.worker(.down), force: false).isEmpty)
    let busy = try Self.rules(managers: 1, workers: [Self.worker()], tasksOn: "w1")
    let refusal = #expect(throws: WarrenError.self) { try busy.removal(of: Self.worker(), force: false, isOwnWish: true) }
    #expect(refusal?.message.contains("runs 1 task;") == true)
    #expect(try busy.removal(of: Self.worker(.down), force: false).isEmpty, "its tasks run elsewhere by now, or will")
  }

  @Test func whatIsUnderWayIsNotTurnedRound() throws {
    let rules = try Self.rules(managers: 3)
    var leaving = Self.manager(2)
    leaving.leaving = true
    #expect(throws: WarrenError.self) { try rules.demotion(of: leaving, force: false) }
    #expect(throws: WarrenError.self) { try rules.promotion(of: leaving) }
    var former = Self.manager(2)
    former.roles = [.worker]
    #expect(throws: WarrenError.self) { try rules.promotion(of: former) }
    #expect(throws: WarrenError.self) { try rules.promotion(of: Self.worker(.down)) }
    #expect(try rules.promotion(of: Self.manager(2)).isEmpty, "it is one")
  }
}
