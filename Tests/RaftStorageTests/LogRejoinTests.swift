import ClusterModel
import Foundation
import GRDB
import Raft
import Testing

@testable import RaftStorage

/// The log of one of several managers, which others count on.
struct LogRejoinTests {
  private let scratch = ScratchLog()

  private func make() throws -> LogDatabase {
    let log = try LogDatabase.create(dataDirectory: scratch.directory, identity: scratch.identity, founders: [5, 6, 7], logger: scratch.logger)
    try log.write([LogWrite(hardState: HardState(term: 3, vote: 7, commit: 8), entries: entries(1...10))])
    return log
  }

  private func identity(_ member: UInt64) -> LogIdentity { LogIdentity(clusterID: "cluster-1", nodeID: "node-1", memberID: member) }

  /// Whatever is wrong with the old one, be it that nothing of it can be read.
  @Test(arguments: [nil, "UPDATE entries SET data = x'00' WHERE \"index\" = 5", "DELETE FROM metadata", "UPDATE hard_state SET vote = 5"])
  func beginsEmptyAndKeepsTheOldFiles(_ sql: String?) throws {
    let log = try make()
    if let sql { try log.queue.write { try $0.execute(sql: sql) } }
    try log.close()
    if sql == nil { try FileManager.default.removeItem(atPath: scratch.location.database) }
    let aside = try LogRecovery(dataDirectory: scratch.directory).rejoin(as: identity(9))
    #expect(FileManager.default.fileExists(atPath: aside + "/log.mark"))
    let anew = try scratch.open()
    #expect(anew.identity == identity(9))
    #expect(anew.hardState.isEmpty && anew.lastIndex == 0)
    #expect(anew.snapshot == LogSnapshotInfo(index: 0, term: 0, configuration: ConfigurationState(), size: 0))
    try anew.close()
    // Once more, should that one be damaged too.
    #expect(try LogRecovery(dataDirectory: scratch.directory).rejoin(as: identity(10)) != aside)
  }

  @Test func notUnderAnotherNameOrANumberThatWasUsed() throws {
    let log = try make()
    let recovery = LogRecovery(dataDirectory: scratch.directory)
    func expectRefusal(_ identity: LogIdentity, _ words: String) {
      let error = #expect(throws: WarrenError.self) { try recovery.rejoin(as: identity) }
      #expect(error?.code == .failedPrecondition)
      #expect(error?.message.contains(words) == true, "\(String(describing: error))")
    }
    expectRefusal(identity(9), "in use")
    try log.close()
    expectRefusal(identity(7), "never used again")
    expectRefusal(identity(6), "never used again")
    expectRefusal(LogIdentity(clusterID: "cluster-2", nodeID: "node-1", memberID: 9), "cluster-1")
    expectRefusal(LogIdentity(clusterID: "cluster-1", nodeID: "node-2", memberID: 9), "node-1")
    #expect(try scratch.open().everything().count == 10)
  }

  @Test func notTheOnlyManager() throws {
    try scratch.create().close()
    let error = #expect(throws: WarrenError.self) { try LogRecovery(dataDirectory: scratch.directory).rejoin(as: identity(9)) }
    #expect(error?.code == .failedPrecondition)
    #expect(error?.message.contains("warren cluster recover") == true)
  }

  @Test func interruptedItIsRefusedAndRunAgain() throws {
    try make().close()
    try LogSchema.build(
      in: scratch.location.unfinished, identity: identity(9), snapshot: LogSnapshotInfo(index: 0, term: 0, configuration: .init(), size: 0)
    ) { _ in }
    try FileManager.default.moveItem(atPath: scratch.location.directory, toPath: scratch.location.setAside(1))
    #expect(#expect(throws: WarrenError.self) { try scratch.open() }?.code == .dataLoss)
    let aside = try LogRecovery(dataDirectory: scratch.directory).rejoin(as: identity(9))
    #expect(aside == scratch.location.setAside(1))
    #expect(try scratch.open().identity == identity(9))
  }

  /// It would forget what it acknowledged and keep its vote.
  @Test func aPartOfItIsNotGoneOnWith() throws {
    let log = try make()
    try log.queue.write { try $0.execute(sql: "UPDATE entries SET data = x'00' WHERE \"index\" = 5") }
    try log.close()
    let recovery = LogRecovery(dataDirectory: scratch.directory)
    #expect(try recovery.inspect().isAmongOthers)
    #expect(#expect(throws: WarrenError.self) { try recovery.recover() }?.code == .failedPrecondition)
    let error = #expect(throws: WarrenError.self) { try scratch.open().everything() }
    #expect(error?.code == .dataLoss)
    #expect(error?.message.contains("join anew as a new member") == true && error?.message.contains("put back a copy") == false)
  }

  /// Nobody can tell how old a copy is. Power failures are no copies: the mark is of the very file, and on the disk since that was made.
  @Test func aCopyOfItIsRefused() throws {
    let log = try make()
    defer { withExtendedLifetime(log) {} }
    let error = #expect(throws: WarrenError.self) { try scratch.crashImage(mark: nil).open() }
    #expect(error?.code == .dataLoss)
    #expect(error?.message.contains("copy of unknown age") == true)
    #expect(try scratch.crashImage(mark: 4).open().lastIndex == 10)
  }
}
