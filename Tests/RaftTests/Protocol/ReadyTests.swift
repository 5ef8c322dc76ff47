import Testing

@testable import Raft
@testable import raft_script

/// What a member hands out to be done, and when.
@Suite struct ReadyTests {
  static func asynchronous() throws -> LoneNode { try LoneNode(voters: [1]) { $0.asyncStorageWrites = true } }

  @Test func aNewMemberHasNothingToDo() throws {
    #expect(try !LoneNode().node.hasReady)
    #expect(try !LoneNode(terms: [1, 1], hardState: HardState(term: 1, vote: 2, commit: 0)).node.hasReady)
  }

  @Test func whatIsCommittedAndNotAppliedIsHandedOutAfterAStart() throws {
    var options = RaftOptions(id: 1)
    options.asyncStorageWrites = true
    let entries = StableLogTests.entries([1, 1, 1])
    var node = try RawNode(
      options: options, hardState: HardState(term: 1, commit: 2), configuration: ConfigurationState(voters: [1, 2]),
      stable: StableLog(entries: entries), applied: 1)
    #expect(node.ready().committedEntries.map(\.index) == [2])
    #expect(!node.hasReady)
  }

  @Test func onlyWhatMustSurviveIsSynced() throws {
    var follower = try LoneNode(terms: [1])
    try follower.node.step(Message(.heartbeat, to: 1, from: 2, term: 1, commit: 1))
    let commit = follower.node.ready()
    #expect(commit.hardState?.commit == 1 && !commit.mustSync)
    follower.node.advance(commit)
    try follower.node.step(Message(.append, to: 1, from: 2, term: 1, logTerm: 1, index: 1, entries: [Entry(term: 1, index: 2)]))
    let append = follower.node.ready()
    #expect(append.mustSync && append.hardState == nil)
  }

  @Test func nothingIsHandedOutTwice() throws {
    var subject = try LoneNode()
    try subject.lead()
    try subject.node.propose([[7]])
    let ready = subject.node.ready()
    #expect(ready.entries.map(\.data) == [[7]])
    #expect(!subject.node.hasReady)
    let empty = subject.node.ready()
    #expect(empty.entries.isEmpty && empty.messages.isEmpty && !empty.hasAppend)
  }

  @Test func withoutAsynchronousWritesEntriesAreAppliedWithTheWrite() throws {
    var subject = try LoneNode(voters: [1])
    try subject.lead()
    try subject.node.propose([[7]])
    let write = subject.node.ready()
    #expect(write.committedEntries.isEmpty)
    subject.node.changeStableLog { $0.append(write.entries) }
    subject.node.advance(write)
    #expect(subject.node.ready().committedEntries.map(\.data) == [[7]])
  }

  @Test func withAsynchronousWritesOnlyWhatIsOnThisDiskIsApplied() throws {
    var follower = try LoneNode { $0.asyncStorageWrites = true }
    let entries = StableLogTests.entries([1, 1])
    try follower.node.step(Message(.append, to: 1, from: 2, term: 1, entries: entries, commit: 2))
    let write = follower.node.ready()
    #expect(write.entries == entries && write.committedEntries.isEmpty)
    #expect(!follower.node.hasReady)
    follower.node.changeStableLog { $0.append(write.entries) }
    for message in write.messagesAfterAppend where message.to == 1 { try follower.node.step(message) }
    #expect(follower.node.ready().committedEntries == entries)
  }

  @Test func writesRunAheadOfOneAnother() throws {
    var subject = try Self.asynchronous()
    subject.node.campaign()
    for message in subject.node.ready().messagesAfterAppend { try subject.node.step(message) }
    let first = subject.node.ready()
    try subject.node.propose([[1]])
    let second = subject.node.ready()
    try subject.node.propose([[2]])
    let third = subject.node.ready()
    #expect([first, second, third].map { $0.entries.map(\.index) } == [[1], [2], [3]])
    for ready in [first, second, third] {
      subject.node.changeStableLog { $0.append(ready.entries) }
      for message in ready.messagesAfterAppend { try subject.node.step(message) }
    }
    #expect(subject.node.log.committed == 3)
    #expect(subject.node.ready().committedEntries.map(\.index) == [1, 2, 3])
  }

  @Test func aWriteThatWasReplacedIsNotTakenForTheNewOne() throws {
    var follower = try LoneNode { $0.asyncStorageWrites = true }
    try follower.node.step(Message(.append, to: 1, from: 2, term: 1, entries: StableLogTests.entries([1, 1])))
    let old = follower.node.ready()
    try follower.node.step(Message(.append, to: 1, from: 3, term: 2, entries: StableLogTests.entries([2])))
    let new = follower.node.ready()
    follower.node.changeStableLog { $0.append(old.entries) }
    for message in old.messagesAfterAppend where message.to == 1 { try follower.node.step(message) }
    #expect(follower.node.log.term(1) == 2 && follower.node.log.lastIndex == 1)
    follower.node.changeStableLog { $0.append(new.entries) }
    for message in new.messagesAfterAppend where message.to == 1 { try follower.node.step(message) }
    #expect(follower.node.log.stable.term(1) == 2 && follower.node.log.lastIndex == 1)
  }

  @Test func aReadyForMessagesAloneWritesNothing() throws {
    var subject = try LoneNode { $0.asyncStorageWrites = true }
    try subject.lead()
    try subject.node.propose([[7]])
    #expect(subject.node.ready().hasAppend)
    subject.node.tick()
    let heartbeat = subject.node.ready()
    #expect(heartbeat.messages.map(\.kind) == [.heartbeat, .heartbeat])
    #expect(!heartbeat.hasAppend, "the write under way is acknowledged by itself")
  }

  @Test func softStateIsToldWhenItChanges() throws {
    var subject = try LoneNode()
    subject.node.campaign()
    #expect(subject.node.ready().softState?.role == .candidate)
    try subject.node.step(Message(.heartbeat, to: 1, from: 2, term: 1))
    #expect(subject.node.ready().softState == SoftState(leader: 2, role: .follower))
    try subject.node.step(Message(.heartbeat, to: 1, from: 2, term: 1))
    #expect(subject.node.ready().softState == nil)
  }

  @Test func aSnapshotIsInstalledBeforeAnythingElseIsApplied() throws {
    var follower = try LoneNode { $0.asyncStorageWrites = true }
    let snapshot = Snapshot(metadata: SnapshotMetadata(index: 5, term: 1, configuration: ConfigurationState(voters: [1, 2, 3])))
    try follower.node.step(Message(.snapshot, to: 1, from: 2, term: 1, snapshot: snapshot))
    let ready = follower.node.ready()
    #expect(ready.snapshot == snapshot)
    try follower.node.step(Message(.append, to: 1, from: 2, term: 1, logTerm: 1, index: 5, entries: [Entry(term: 1, index: 6)], commit: 6))
    let write = follower.node.ready()
    #expect(write.entries.map(\.index) == [6] && write.committedEntries.isEmpty)
    follower.node.campaign()
    #expect(follower.node.softState.role == .follower, "not in the middle of it")
    follower.node.changeStableLog { $0.restore(snapshot) }
    for message in ready.messagesAfterAppend where message.to == 1 { try follower.node.step(message) }
    #expect(follower.node.log.applied == 5)
    follower.node.changeStableLog { $0.append(write.entries) }
    for message in write.messagesAfterAppend where message.to == 1 { try follower.node.step(message) }
    #expect(follower.node.ready().committedEntries.map(\.index) == [6])
  }
}
