import ClusterModel
import HashTreeCollections
import NIOConcurrencyHelpers
import Raft
import Testing

@testable import Manager

struct ClusterStoreTests {
  private func makeStore() -> (ClusterStore, MemoryLog) {
    let ticks = TestTicks()
    let store = ClusterStore { ticks.next() }
    return (store, MemoryLog(store))
  }

  @Test func setsVersionsAndTimes() async throws {
    let (store, _) = makeStore()
    try await store.update { try $0.put(makeService("a")) }
    try await store.update { try $0.put(makeNode("n")) }
    var service = try #require(store.view.service("a"))
    #expect(service.meta == Meta(version: 1, createdAt: Timestamp(seconds: 1), updatedAt: Timestamp(seconds: 1)))
    service.revision = 2
    try await store.update { [service] in try $0.put(service) }
    #expect(store.view.service("a")?.meta == Meta(version: 3, createdAt: Timestamp(seconds: 1), updatedAt: Timestamp(seconds: 3)))
    #expect(store.view.service("a")?.revision == 2)
    #expect(store.view.index == 3)
  }

  @Test func emptyTransactionsWriteNothing() async throws {
    let (store, log) = makeStore()
    try await store.update { try $0.put(makeService("a")) }
    let service = try #require(store.view.service("a"))
    let answer = try await store.update { transaction in
      try transaction.put(service)
      try transaction.check(service)
      try transaction.put(makeService("b"))
      try transaction.remove(makeService("b"))
      return 42
    }
    #expect(answer == 42)
    #expect(log.commands.count == 1)
  }

  @Test func throwingBodyChangesNothing() async throws {
    struct Stop: Error {}
    let (store, log) = makeStore()
    await #expect(throws: Stop.self) {
      try await store.update { transaction in
        try transaction.put(makeService("a"))
        throw Stop()
      }
    }
    #expect(log.commands.isEmpty)
    #expect(store.view == StoreView())
  }

  @Test func namesAreUniqueWithoutRegardToCase() async throws {
    let (store, _) = makeStore()
    try await store.update { try $0.put(makeService("a", name: "web")) }
    #expect(store.view.service(named: "WEB")?.id == "a")
    let error = await #expect(throws: WarrenError.self) { try await store.update { try $0.put(makeService("b", name: "Web")) } }
    #expect(error?.code == .alreadyExists)
    // A removed or renamed object gives its name free, in the same transaction too.
    let old = try #require(store.view.service("a"))
    try await store.update { transaction in
      try transaction.remove(old)
      try transaction.put(makeService("b", name: "Web"))
    }
    #expect(store.view.service(named: "web")?.id == "b")
    var renamed = try #require(store.view.service("b"))
    renamed.spec.name = "other"
    try await store.update { [renamed] in try $0.put(renamed) }
    #expect(store.view.service(named: "web") == nil)
    try await store.update { try $0.put(makeService("c", name: "web")) }
    #expect(store.view.service(named: "web")?.id == "c")
  }

  @Test func oneClusterObject() async throws {
    let (store, _) = makeStore()
    try await store.update { try $0.put(Cluster(id: "one")) }
    await #expect(throws: WarrenError.self) { try await store.update { try $0.put(Cluster(id: "two")) } }
    #expect(store.view.cluster?.id == "one")
  }

  @Test func staleCopyIsAConflictWithoutRetry() async throws {
    let (store, _) = makeStore()
    try await store.update { try $0.put(makeService("a")) }
    let stale = try #require(store.view.service("a"))
    var newer = stale
    newer.revision = 2
    try await store.update { [newer] in try $0.put(newer) }
    let runs = NIOLockedValueBox(0)
    for body: @Sendable (inout StoreTransaction) throws -> Void in [
      { try $0.put(stale) }, { try $0.remove(stale) }, { try $0.check(stale) },
    ] {
      let error = await #expect(throws: WarrenError.self) {
        try await store.update { transaction in
          runs.withLockedValue { $0 += 1 }
          try body(&transaction)
        }
      }
      #expect(error?.code == .conflict)
    }
    #expect(runs.withLockedValue { $0 } == 3)
    let removed = try #require(store.view.service("a"))
    try await store.update { try $0.remove(removed) }
    #expect(await #expect(throws: WarrenError.self) { try await store.update { try $0.put(removed) } }?.code == .conflict)
    #expect(await #expect(throws: WarrenError.self) { try await store.update { try $0.remove(makeNode("x")) } }?.code == .notFound)
  }

  @Test func idTwiceAlreadyExists() async throws {
    let (store, _) = makeStore()
    try await store.update { try $0.put(makeNode("n")) }
    #expect(await #expect(throws: WarrenError.self) { try await store.update { try $0.put(makeNode("n")) } }?.code == .alreadyExists)
  }

  /// Two transactions on one base: the one that loses runs again and sees the other's result.
  @Test func losersRunAgain() async throws {
    let (store, _) = makeStore()
    try await store.update { try $0.put(makeService("counter")) }
    try await withThrowingTaskGroup { group in
      for _ in 0..<50 {
        group.addTask {
          try await store.update { transaction in
            var service = try #require(transaction.view.service("counter"))
            service.revision += 1
            try transaction.put(service)
          }
        }
      }
      try await group.waitForAll()
    }
    #expect(store.view.service("counter")?.revision == 51)
  }

  @Test func checkedObjectThatMovedMakesTheTransactionRunAgain() async throws {
    let ticks = TestTicks()
    let store = ClusterStore { ticks.next() }
    let raced = NIOLockedValueBox(false)
    let plain = MemoryLog(store)
    try await store.update { try $0.put(makeNode("n")) }
    // The first proposal is overtaken by a change of the node it was decided on.
    let overtaken = OvertakenLog(plain) {
      guard
        !raced.withLockedValue({ raced in
          defer { raced = true }; return raced
        })
      else { return }
      var node = try #require(store.view.node("n"))
      node.availability = .drain
      var transaction = StoreTransaction(base: store.view)
      try transaction.put(node)
      _ = try await plain.propose(transaction.command(at: .epoch).serialized())
    }
    store.attach(to: overtaken)
    let placed = try await store.update { transaction in
      let node = try #require(transaction.view.node("n"))
      guard node.availability == .active else { return false }
      try transaction.check(node)
      try transaction.put(makeTask("t", service: "s", node: "n"))
      return true
    }
    #expect(!placed)
    #expect(store.view.task("t") == nil)
  }

  @Test func givesUpWhenItAlwaysLoses() async throws {
    let store = ClusterStore { .epoch }
    let losing = OvertakenLog(MemoryLog(store)) { throw StoreRejection.nameTaken(StoreObjectKey(kind: .service, id: "x"), by: "y") }
    store.attach(to: losing)
    let error = await #expect(throws: WarrenError.self) { try await store.update { try $0.put(makeService("a")) } }
    #expect(error?.code == .conflict)
  }

  @Test func indexesFollowTheTasks() async throws {
    let (store, _) = makeStore()
    try await store.update { transaction in
      for number in 1...4 { try transaction.put(makeTask("t\(number)", service: number < 3 ? "a" : "b")) }
      #expect(transaction.view.tasks(ofService: "a").count == 2)
    }
    var task = try #require(store.view.task("t1"))
    task.nodeID = "n"
    try await store.update { [task] in try $0.put(task) }
    #expect(store.view.tasks(onNode: "n").map(\.id) == ["t1"])
    #expect(Set(store.view.tasks(ofService: "b").map(\.id)) == ["t3", "t4"])
    let placed = try #require(store.view.task("t1"))
    try await store.update { try $0.remove(placed) }
    #expect(store.view.tasks(onNode: "n").isEmpty)
    #expect(store.view.tasks(ofService: "a").map(\.id) == ["t2"])
    #expect(store.view.tasks.count == 3)
  }

  /// A store that is behind another one in which service `s` was made and then scaled.
  private func lateStore(by behind: Int) async throws -> ClusterStore {
    let (others, log) = makeStore()
    try await others.update { try $0.put(makeService("s")) }
    try await others.update { transaction in
      var service = try transaction.view.findService("s")
      service.spec.mode = .replicated(replicas: 5)
      try transaction.put(service)
    }
    let (store, known) = makeStore()
    for command in log.commands.dropLast(behind) { _ = try await known.propose(command) }
    store.attach(to: LateLog(known, missed: log.commands.suffix(behind)))
    return store
  }

  @Test func refusesNothingForWhatItHasNotHeardOfYet() async throws {
    let store = try await lateStore(by: 2)
    let found = try await store.update { try $0.view.findService("s") }
    #expect(found.spec.mode == .replicated(replicas: 5))
  }

  @Test func whatIsPutUnchangedMustStillBeSo() async throws {
    let store = try await lateStore(by: 1)
    try await store.update { transaction in
      var service = try transaction.view.findService("s")
      service.spec.mode = .replicated(replicas: 1)
      try transaction.put(service)
      try transaction.put(RequestRecord(id: "r", method: "UpdateService", objectID: "s"))
    }
    #expect(store.view.service("s")?.spec.mode == .replicated(replicas: 1))
  }

  @Test func thatThereIsNothingToChangeIsSaidOfWhatOthersStored() async throws {
    let store = try await lateStore(by: 1)
    try await store.update { transaction in
      var service = try transaction.view.findService("s")
      service.spec.mode = .replicated(replicas: 1)
      try transaction.put(service)
    }
    #expect(store.view.service("s")?.spec.mode == .replicated(replicas: 1))
  }

  @Test func keepsTheNewestRequestRecords() async throws {
    let (store, _) = makeStore()
    for batch in 0..<50 {
      try await store.update { transaction in
        for number in 0..<100 {
          try transaction.put(RequestRecord(id: Identifier("r\(batch * 100 + number)"), method: "CreateService", objectID: "x"))
        }
      }
    }
    #expect(store.view.requestTable.objects.count == StoreView.requestLimit)
    #expect(store.view.request("r4999") != nil)
    #expect(store.view.request("r904") != nil)
    #expect(store.view.request("r903") == nil)
    // The order survives a snapshot: the same one goes next.
    var restored = try StoreView(snapshot: store.view.encodeSnapshot(), index: store.view.index)
    #expect(restored == store.view)
    var next = StoreTransaction(base: restored)
    try next.put(RequestRecord(id: "new", method: "m", objectID: "x"))
    _ = try restored.apply(next.command(at: .epoch + .seconds(60)), index: restored.index + 1)
    #expect(restored.request("r904") == nil)
  }

  @Test func keepsYoungRequestRecordsBeyondThat() throws {
    var view = StoreView()
    func remember(_ numbers: Range<Int>, at now: Timestamp) throws {
      var transaction = StoreTransaction(base: view)
      for number in numbers { try transaction.put(RequestRecord(id: Identifier("r\(number)"), method: "CreateService", objectID: "x")) }
      _ = try view.apply(transaction.command(at: now), index: view.index + 1)
    }
    try remember(0..<5_000, at: .epoch)
    try remember(5_000..<6_000, at: .epoch + StoreView.requestAge)
    #expect(view.requestTable.objects.count == 6_000, "a client may still ask again")
    try remember(6_000..<6_001, at: .epoch + StoreView.requestAge + .nanoseconds(1))
    #expect(view.requestTable.objects.count == StoreView.requestLimit, "nobody asks again by now")
    try remember(10_000..<30_000, at: .epoch + StoreView.requestAge + .nanoseconds(1))
    #expect(view.requestTable.objects.count == StoreView.youngRequestLimit, "memory is bounded")
    #expect(view.request("r29999") != nil && view.request("r13615") == nil)
  }
}

/// Lets something happen between a transaction's decision and its place in the log.
private struct OvertakenLog: ReplicatedLog {
  let log: MemoryLog
  let overtake: @Sendable () async throws -> Void

  init(_ log: MemoryLog, _ overtake: @escaping @Sendable () async throws -> Void) {
    self.log = log
    self.overtake = overtake
  }

  func propose(_ command: [UInt8]) async throws -> LogIndex {
    try await overtake()
    return try await log.propose(command)
  }

  func readBarrier() async throws -> LogIndex { try await log.readBarrier() }
  var leadership: Leadership { log.leadership }
  func leadershipChanges() -> AsyncStream<Leadership> { log.leadershipChanges() }
}

/// The log of a manager that does not lead and has not heard yet of what others stored last.
private final class LateLog: ReplicatedLog {
  private let log: MemoryLog
  private let missed: NIOLockedValueBox<[[UInt8]]>

  init(_ log: MemoryLog, missed: some Sequence<[UInt8]>) {
    self.log = log
    self.missed = .init(Array(missed))
  }

  private func catchUp() async throws {
    let commands = missed.withLockedValue { missed in
      defer { missed = [] }
      return missed
    }
    for command in commands { _ = try await log.propose(command) }
  }

  func propose(_ command: [UInt8]) async throws -> LogIndex {
    try await catchUp()
    return try await log.propose(command)
  }

  func readBarrier() async throws -> LogIndex {
    try await catchUp()
    return try await log.readBarrier()
  }

  let leadership = Leadership(term: 1, isLeader: false)
  func leadershipChanges() -> AsyncStream<Leadership> { log.leadershipChanges() }
}
