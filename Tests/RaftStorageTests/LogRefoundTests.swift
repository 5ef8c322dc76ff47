import ClusterModel
import Foundation
import Raft
import Testing

@testable import RaftStorage

/// A log of one of several managers becomes that of the first of a new group.
@Suite struct LogRefoundTests {
  private let state = (0..<700_000).map { UInt8(truncatingIfNeeded: $0 &* 31) }

  private func amongOthers() throws -> ScratchLog {
    let scratch = ScratchLog()
    let log = try LogDatabase.create(dataDirectory: scratch.directory, identity: scratch.identity, founders: [1, 2, 7], logger: scratch.logger)
    try log.write([LogWrite(hardState: HardState(term: 4, vote: 2, commit: 0), entries: entries(1...30))])
    try log.close()
    return scratch
  }

  private func beginning(_ scratch: ScratchLog, _ content: LogRecovery.Content) -> LogBeginning {
    var identity = scratch.identity
    identity.memberID = 1000
    return LogBeginning(identity: identity, state: state, index: content.report.lastIntactIndex + 5, term: content.term)
  }

  private func expectNew(_ scratch: ScratchLog) throws {
    let log = try scratch.open()
    #expect(log.identity.memberID == 1000 && log.identity.clusterID == scratch.identity.clusterID)
    #expect(log.snapshot.configuration == ConfigurationState(voters: [1000]) && log.snapshot.index == 35 && log.lastIndex == 35)
    #expect(log.hardState.vote == .none && log.hardState.term == log.snapshot.term)
    #expect(try log.readSnapshot()?.data == state)
    try log.close()
  }

  @Test func allItsEntriesAreReadAndTheOldLogIsKept() throws {
    let scratch = try amongOthers()
    let recovery = LogRecovery(dataDirectory: scratch.directory)
    let aside = try recovery.refound { content in
      #expect(content.entries == entries(1...30) && content.snapshot == nil && content.term >= 4 && content.report.isAmongOthers)
      return beginning(scratch, content)
    }
    #expect(FileManager.default.fileExists(atPath: aside + "/log.sqlite"))
    try expectNew(scratch)
  }

  @Test func interruptedAnywhereItIsRunAgain() throws {
    // Killed before the first and between the two renamings.
    for renamed in [false, true] {
      let scratch = try amongOthers()
      let recovery = LogRecovery(dataDirectory: scratch.directory)
      try beginning(scratch, recovery.read()).build(scratch.location)
      if renamed {
        try FileManager.default.moveItem(atPath: scratch.location.directory, toPath: scratch.location.setAside(1))
        #expect(throws: WarrenError.self) { try scratch.open() }
      }
      _ = try recovery.refound { beginning(scratch, $0) }
      try expectNew(scratch)
    }
  }

  @Test func whatCannotBeMadeChangesNothing() throws {
    let scratch = try amongOthers()
    #expect(throws: WarrenError.self) {
      try LogRecovery(dataDirectory: scratch.directory).refound { _ in throw WarrenError(.dataLoss, "no") }
    }
    #expect(try scratch.open().everything() == entries(1...30))
  }

  @Test func aNewDirectoryGetsOneAndAnotherIsLeftAlone() throws {
    let scratch = ScratchLog()
    try FileManager.default.createDirectory(atPath: scratch.directory, withIntermediateDirectories: true)
    var identity = scratch.identity
    identity.memberID = 1000
    let beginning = LogBeginning(identity: identity, state: state, index: 35, term: 2)
    // Left by one that was killed.
    try beginning.build(scratch.location)
    #expect(!LogDatabase.exists(dataDirectory: scratch.directory))
    try LogDatabase.found(beginning, dataDirectory: scratch.directory)
    try expectNew(scratch)
    #expect(#expect(throws: WarrenError.self) { try LogDatabase.found(beginning, dataDirectory: scratch.directory) }?.code == .alreadyExists)
  }
}
