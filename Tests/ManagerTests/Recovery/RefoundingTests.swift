import ClusterModel
import Testing

@testable import Manager

@Suite struct RefoundingTests {
  private static let now = Timestamp(seconds: 1_800_000_000)

  private func node(_ id: NodeID, _ roles: Set<ClusterNode.Role>, member: UInt64 = 0) -> ClusterNode {
    var node = ClusterNode(id: id, roles: roles, description: NodeDescription(hostname: "h"))
    (node.memberID, node.raftAddress, node.keys) = (member, member == 0 ? "" : "\(id):7946", ["key of \(id)"])
    return node
  }

  /// m1 runs containers, as w1 does; m2 and m3 are managers.
  private var before: StoreView {
    var view = StoreView()
    view.index = 50
    var cluster = Cluster(id: "c1")
    (cluster.lastMemberID, cluster.authority) = (7, AuthorityRecord(roots: [[1]], links: [], sealedKey: [2]))
    view.set(cluster)
    for node in [
      node("m1", [.manager, .worker], member: 1), node("m2", [.manager], member: 2), node("m3", [.manager, .worker], member: 7),
      node("w1", [.worker]),
    ] { view.set(node) }
    for (number, place) in ["m1", "m2", "m3", "w1", nil].enumerated() {
      var task = ClusterTask(
        id: TaskID("t\(number)"), serviceID: "s", serviceName: "s", slot: number + 1, revision: 1,
        spec: TaskSpec(container: ContainerSpec(image: "x")))
      task.nodeID = place.map { NodeID($0) }
      view.set(task)
    }
    return view
  }

  private func refounding(_ manager: NodeID = "m1", containers: Bool = true, backup: Timestamp? = nil, now: Timestamp = now) -> Refounding {
    Refounding(manager: manager, runsContainers: containers, now: now, backup: backup)
  }

  @Test func theOthersAreGivenUpAndTheRestStays() throws {
    let after = try refounding()(before)
    #expect(Set(after.nodes.map(\.id)) == ["m1", "w1"])
    #expect(after.node("w1") == before.node("w1"))
    let cluster = try #require(after.cluster)
    #expect(cluster.id == "c1" && cluster.authority == before.cluster?.authority && cluster.restoration == nil)
    #expect(cluster.founder == 1_800_000_000 && cluster.lastMemberID == cluster.founder && after.node("m1")?.memberID == cluster.founder)
    #expect(after.node("m1")?.keys == ["key of m1"], "its certificate holds")
    #expect(cluster.formerManagers.map(\.node) == ["m2", "m3"] && cluster.formerManagers.map(\.raftAddress) == ["m2:7946", "m3:7946"])
    #expect(Set(after.tasks.map(\.id)) == ["t0", "t3", "t4"], "nobody could say that those of m2 and m3 have stopped")
    #expect(after.tasks(onNode: "m3").isEmpty)
    #expect(after.index > before.index && cluster.meta.version == after.index)
  }

  @Test func numbersGoOnFromTheHighestKnownWhenTheClockIsWrong() throws {
    #expect(refounding(now: .epoch).founder(of: before) == 1007)
    let again = try refounding(now: .epoch)(refounding()(before))
    #expect(again.cluster?.founder == 1_800_001_000)
  }

  @Test func aMachineThatWasOfTheSameNameIsNotTheOneThatIsRestored() throws {
    let backup = Timestamp(seconds: 1_799_000_000)
    let after = try refounding(backup: backup)(before)
    #expect(after.node("m1")?.keys == [] && after.cluster?.restoration == Cluster.Restoration(from: backup, at: Self.now))
    #expect(after.cluster?.formerManagers.map(\.node) == ["m2", "m3", "m1"])
    #expect(after.tasks(onNode: "m1").map(\.id) == ["t0"], "its containers may still be there")
    // The log has none of the new name: the manager announces itself.
    let renamed = try refounding("m9", backup: backup)(before)
    #expect(Set(renamed.nodes.map(\.id)) == ["w1"] && Set(renamed.tasks.map(\.id)) == ["t3", "t4"])
  }

  @Test func oneThatWasAboutToGoIsTheOneThatStays() throws {
    var view = before
    var own = try #require(view.node("m1"))
    (own.leaving, own.forced, own.roles) = (true, true, [.worker])
    view.set(own)
    let after = try #require(try refounding()(view).node("m1"))
    #expect(after.isLastingManager && !after.forced)
  }

  @Test func whoWasRemovedStaysRemoved() throws {
    var view = before
    var cluster = try #require(view.cluster)
    cluster.remember(removed: ["key of m4"])
    view.set(cluster)
    #expect(try refounding()(view).cluster?.removedKeys == ["key of m4"], "those that are given up are not among them: what they have is kept")
  }

  @Test func aManagerWithoutContainersKeepsNoTasks() throws {
    let after = try refounding(containers: false)(before)
    #expect(after.node("m1")?.roles == [.manager] && Set(after.tasks.map(\.id)) == ["t3", "t4"])
  }

  @Test func aStateWithoutAClusterIsRefused() {
    #expect(#expect(throws: WarrenError.self) { try refounding()(StoreView()) }?.code == .dataLoss)
  }

  @Test func whatALogIsMadeOfIsReadBack() throws {
    let after = try refounding()(before)
    let read = try StoredState.view(snapshot: (after.index + 3, try StoredState.snapshot(of: after)), entries: [])
    #expect(Set(read.nodes.map(\.id)) == ["m1", "w1"] && read.cluster == after.cluster && read.tasks.count == 3)
  }

  @Test func workersHaveTenMinutesToFindTheNewGroup() throws {
    let after = try refounding()(before)
    let graces = [-5, 0, 60, 600, 5000].map { Dispatcher.refoundedGrace(of: after, now: Self.now + .seconds($0)) }
    #expect(graces == [.zero, .seconds(600), .seconds(540), .zero, .zero])
    #expect(Dispatcher.refoundedGrace(of: before, now: .epoch) == .zero)
  }
}
