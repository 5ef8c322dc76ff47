import ClusterModel
import Foundation
import Glibc
import HashTreeCollections
import Logging
import NIOConcurrencyHelpers
import Raft
import RaftStorage
import Testing

@testable import Manager

struct RaftMemberTests {
  @Test func oneBatchForAllThatQueuedMeanwhile() async throws {
    let scratch = ScratchStore()
    let (store, log) = try await scratch.open()
    // Holds the write thread until all proposals are queued.
    let gate = DispatchSemaphore(value: 0)
    log.writeThread.async { gate.wait() }
    try await withThrowingTaskGroup { group in
      for number in 0..<20 { group.addTask { try await store.update { try $0.put(makeService("s\(number)")) } } }
      while log.state.withLockedValue({ $0.proposals.count }) < 20 { await Task.yield() }
      gate.signal()
      try await group.waitForAll()
    }
    #expect(store.view.services.count == 20)
    let entries = try log.storage.readEntries(after: 0, byteLimit: .max)
    // Before them, the entry with which the member began its term.
    #expect(entries.map(\.index) == Array(1...21))
    #expect(entries.map(\.term) == Array(repeating: 1, count: 21))
    try await log.close()
  }

  @Test func aLoneProposalWaitsForNoOther() async throws {
    let scratch = ScratchStore()
    let (store, log) = try await scratch.open()
    let gate = DispatchSemaphore(value: 0)
    log.writeThread.async { gate.wait() }
    log.proposeThread.suspend()
    let update = Task { try await store.update { try $0.put(makeService("a")) } }
    while log.state.withLockedValue({ $0.proposals.isEmpty }) { await Task.yield() }
    #expect(log.state.withLockedValue { $0.unplaced.isEmpty && $0.isWriting })
    log.proposeThread.resume()
    gate.signal()
    try await update.value
    try await log.close()
  }

  @Test func refusesWhatIsTooLarge() async throws {
    let scratch = ScratchStore()
    let (store, log) = try await scratch.open()
    let tooLarge = ClusterSecret(id: "s", name: "s", sealedData: [UInt8](repeating: 1, count: maximumCommandSize + 1))
    let error = await #expect(throws: WarrenError.self) { try await store.update { try $0.put(tooLarge) } }
    #expect(error?.code == .invalidArgument)
    let fitting = ClusterSecret(id: "s", name: "s", sealedData: [UInt8](repeating: 1, count: maximumCommandSize - 1000))
    try await store.update { try $0.put(fitting) }
    #expect(store.view.secrets.count == 1)
    try await log.close()
  }

  @Test func queueIsBounded() async throws {
    let scratch = ScratchStore()
    scratch.limits.waitingProposals = 3
    let (store, log) = try await scratch.open()
    let gate = DispatchSemaphore(value: 0)
    log.writeThread.async { gate.wait() }
    try await withThrowingTaskGroup { group in
      for number in 0..<3 { group.addTask { try await store.update { try $0.put(makeService("s\(number)")) } } }
      while log.state.withLockedValue({ $0.proposals.count }) < 3 { await Task.yield() }
      let error = await #expect(throws: WarrenError.self) { try await store.update { try $0.put(makeService("more")) } }
      #expect(error?.code == .resourceExhausted)
      gate.signal()
      try await group.waitForAll()
    }
    try await store.update { try $0.put(makeService("more")) }
    #expect(store.view.services.count == 4)
    try await log.close()
  }

  @Test func compactsWhileWritesGoOn() async throws {
    let scratch = ScratchStore()
    scratch.limits.entriesPerSnapshot = 50
    var (store, log) = try await scratch.open()
    for round in 0..<10 {
      try await withThrowingTaskGroup { [store] group in
        for writer in 0..<30 { group.addTask { try await store.update { try $0.put(makeService("s\(round)-\(writer)")) } } }
        try await group.waitForAll()
      }
    }
    let before = store.view
    try await log.close()
    let (first, last) = (log.storage.snapshot.index, log.storage.lastIndex)
    #expect(last == 301)
    #expect(first >= 50)
    (store, log) = try await scratch.open()
    #expect(store.view == before)
    try await log.close()
  }

  @Test func whatIsCommittedWhileAPictureIsTakenIsNotInIt() async throws {
    let scratch = ScratchStore()
    var limits = RaftMember.Limits()
    // The first is the one with which the member begins its term.
    limits.entriesPerSnapshot = 2
    let journal = Journal()
    let log = try await RaftMember.start(
      storage: try scratch.create(), stateMachine: journal, limits: limits, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
    journal.beforePicture.withLockedValue {
      $0 = {
        Task { try await log.propose([2]) }
        // Until it is committed: then it waits, or was applied by the thread that wrote it.
        while log.state.withLockedValue({ $0.applies.isEmpty }), journal.commands.count < 2 { sched_yield() }
      }
    }
    // So large that it is not applied, and no picture taken, by the thread that writes.
    let large = [UInt8](repeating: 1, count: 20_000)
    _ = try await log.propose(large)
    while journal.commands.count < 2 || log.state.withLockedValue({ $0.snapshots.running }) { await Task.yield() }
    journal.beforePicture.withLockedValue { $0 = nil }
    let (info, data) = try #require(try log.onWriteThread { try $0.readSnapshot() })
    try await log.close()
    let pictured = Journal()
    try SessionStateMachine(pictured).restore(data, index: info.index)
    #expect(info.index == 2)
    #expect(pictured.commands.map(\.count) == [large.count])
    #expect(journal.commands.map(\.count) == [large.count, 1])
  }

  @Test func closedLogRefuses() async throws {
    let (store, log) = try await ScratchStore().open()
    let runner = Task { try await log.run() }
    let leadership = log.leadershipChanges()
    try await store.update { try $0.put(makeService("a")) }
    runner.cancel()
    try await runner.value
    let error = await #expect(throws: WarrenError.self) { try await store.update { try $0.put(makeService("b")) } }
    #expect(error?.code == .unavailable)
    #expect(await leadership.reduce(into: []) { $0.append($1) } == [Leadership(term: 1, isLeader: true)])
    await #expect(throws: WarrenError.self) { try await log.readBarrier() }
  }

  /// Needs root: mounts a small tmpfs.
  @Test func fullDiskRefusesWritesAndRecovers() async throws {
    let scratch = ScratchStore()
    try FileManager.default.createDirectory(atPath: scratch.directory, withIntermediateDirectories: true)
    try #require(mount("tmpfs", scratch.directory, "tmpfs", 0, "size=2m") == 0, "run the tests as root")
    defer { umount2(scratch.directory, Int32(MNT_DETACH)) }
    scratch.limits.entriesPerSnapshot = 20
    var (store, log) = try await scratch.open()
    let filler = FileManager.default.createFile(atPath: scratch.directory + "/filler", contents: Data(count: 1_500_000))
    #expect(filler)
    var acknowledged: Set<String> = []
    var refused = 0
    for number in 0..<400 {
      var service = makeService("s\(number)")
      service.spec.labels["fill"] = String(repeating: "x", count: 5000)
      do {
        try await store.update { [service] in try $0.put(service) }
        acknowledged.insert("s\(number)")
      } catch let error as WarrenError where error.code == .resourceExhausted {
        refused += 1
        #expect(try await log.readBarrier() > 0, "what is there can be read")
        if refused == 3 { unlink(scratch.directory + "/filler") }
      }
      if refused >= 3, acknowledged.contains("s\(number)") { break }
    }
    #expect(refused >= 3)
    #expect(Set(store.view.services.map(\.id.rawValue)) == acknowledged)
    try await log.close()
    (store, log) = try await scratch.open()
    #expect(Set(store.view.services.map(\.id.rawValue)) == acknowledged)
    try await log.close()
  }

  @Test func failedApplyEndsTheLog() async throws {
    let (store, log) = try await ScratchStore().open()
    let runner = Task { try await log.run() }
    await #expect(throws: WarrenError.self) { try await log.propose([0xff, 0xff]) }
    await #expect(throws: WarrenError.self) { try await runner.value }
    await #expect(throws: WarrenError.self) { try await store.update { try $0.put(makeService("a")) } }
  }

  /// The reads of a leader wait until what earlier terms left is committed by an entry of its own term.
  @Test func eachStartIsANewTermAndReadsSeeEverything() async throws {
    let scratch = ScratchStore()
    for term in 1...3 as ClosedRange<UInt64> {
      let (store, log) = try await scratch.open()
      #expect(log.leadership == Leadership(term: term, isLeader: true))
      #expect(store.view.services.count == Int(term) - 1)
      try await store.update { try $0.put(makeService("s\(term)")) }
      #expect(try await log.readBarrier() == log.storage.lastIndex)
      try await log.close()
    }
  }

  /// As an earlier version left it: bare commands of one term, and a snapshot without sessions.
  @Test func takesOverTheLogOfAManagerThatWasAlone() async throws {
    let scratch = ScratchStore()
    let commands = try ["a", "b", "c"].map { name -> [UInt8] in
      var transaction = StoreTransaction(base: StoreView())
      try transaction.put(makeService(name))
      return try transaction.command(at: .epoch).serialized()
    }
    let storage = try scratch.create()
    try storage.write([
      LogWrite(
        hardState: HardState(term: 1, vote: 1, commit: 3),
        entries: commands.enumerated().map { Entry(term: 1, index: UInt64($0.offset) + 1, data: $0.element) })
    ])
    try storage.close()
    let (store, log) = try await scratch.open()
    #expect(Set(store.view.services.map(\.spec.name)) == ["a", "b", "c"])
    #expect(log.leadership.term == 2)
    try await log.close()
  }

  @Test func refusesTheLogOfAMemberAmongOthers() async throws {
    let scratch = ScratchStore()
    try scratch.create(founders: [1, 2, 3]).close()
    let error = await #expect(throws: WarrenError.self) { try await scratch.open() }
    #expect(error?.code == .failedPrecondition)
    #expect(error?.message.contains("other managers") == true)
  }
}
