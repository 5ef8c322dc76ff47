import ClusterModel
import NIOConcurrencyHelpers
import Raft
import Testing

@testable import Manager

/// Counts how often it was told to do what.
private final class Recorder: ReplicatedStateMachine {
  let applied = NIOLockedValueBox<[[UInt8]]>([])

  func apply(_ entries: [CommittedEntry]) throws -> [ApplyOutcome] {
    applied.withLockedValue { $0 += entries.map(\.command) }
    return entries.map { _ in .accepted(isUrgent: false) }
  }
  func snapshot() -> @Sendable () throws -> [UInt8] {
    let bytes = applied.withLockedValue { $0.flatMap { $0 } }
    return { bytes }
  }
  func restore(_ snapshot: [UInt8], index: LogIndex) throws { applied.withLockedValue { $0 = snapshot.map { [$0] } } }
}

struct SessionTests {
  private func entry(_ index: LogIndex, session: UInt64, sequence: UInt64, floor: UInt64 = 1, _ command: UInt8) -> Entry {
    Entry(
      term: 1, index: index, data: ProposalEnvelope(session: session, sequence: sequence, floor: floor, command: [command]).bytes)
  }

  @Test func aRepeatedProposalHappensOnce() throws {
    let recorder = Recorder()
    let machine = SessionStateMachine(recorder)
    let results = try machine.apply([
      entry(1, session: 7, sequence: 1, 10), entry(2, session: 7, sequence: 2, 20), entry(3, session: 7, sequence: 1, 10),
      entry(4, session: 8, sequence: 1, 30),
    ]).results
    #expect(results.map(\.index) == [1, 2, 4])
    // Also when it comes much later, after the proposer has said that it waits for it no more.
    #expect(
      try machine.apply([entry(5, session: 7, sequence: 4, floor: 3, 40), entry(6, session: 7, sequence: 2, floor: 2, 20)]).results.map(\.index) == [
        5
      ])
    #expect(recorder.applied.withLockedValue { $0 } == [[10], [20], [30], [40]])
  }

  @Test func whatLeadersBeginWithAndChangesOfMembersAreNoCommands() throws {
    let recorder = Recorder()
    let applied = try SessionStateMachine(recorder).apply([
      Entry(term: 1, index: 1), Entry(term: 1, index: 2, kind: .configurationChange, data: ConfigurationChange([.init(.addVoter, 2)]).encoded),
      Entry(term: 1, index: 3, data: [9, 9]),
    ])
    #expect(applied.results.isEmpty)
    #expect(applied.changes.map(\.change.steps) == [[.init(.addVoter, 2)]])
    #expect(recorder.applied.withLockedValue { $0 } == [[9, 9]], "a command without an envelope, from before there were sessions")
  }

  @Test func snapshotsRememberSessions() throws {
    let first = SessionStateMachine(Recorder())
    _ = try first.apply([entry(1, session: 7, sequence: 1, 10), entry(2, session: 7, sequence: 3, 30)])
    let picture = try first.snapshot()()
    let recorder = Recorder()
    let second = SessionStateMachine(recorder)
    try second.restore(picture, index: 2)
    _ = try second.apply([entry(3, session: 7, sequence: 3, 30), entry(4, session: 7, sequence: 2, 20)])
    #expect(recorder.applied.withLockedValue { $0 } == [[10], [30], [20]])
    // One from before there were sessions.
    try second.restore([1, 2], index: 2)
    #expect(recorder.applied.withLockedValue { $0 } == [[1], [2]])
  }

  @Test func damagedSnapshotsAreRefused() throws {
    let machine = SessionStateMachine(Recorder())
    _ = try machine.apply([entry(1, session: 7, sequence: 1, 10)])
    let picture = try machine.snapshot()()
    for length in 2..<(picture.count - 1) {
      #expect(throws: WarrenError.self) { try SessionStateMachine(Recorder()).restore(Array(picture.prefix(length)), index: 1) }
    }
  }

  @Test func sessionsAreBounded() {
    var table = SessionTable()
    for session in 1...UInt64(SessionTable.limit + 10) {
      _ = table.admit(ProposalEnvelope(session: session, sequence: 1, floor: 1, command: []), at: session)
    }
    #expect(table.sessions.count == SessionTable.limit)
    #expect(table.sessions[10] == nil && table.sessions[11] != nil, "the longest unused go first")
    #expect(SessionTable(bytes: table.bytes) == table)
  }

  @Test func envelopesSurviveTheirBytes() {
    let envelope = ProposalEnvelope(session: .max, sequence: 1 << 40, floor: 3, command: [1, 2, 3])
    #expect(ProposalEnvelope(envelope.bytes) == envelope)
    #expect(envelope.bytes.count == ProposalEnvelope.overhead + 3)
    for length in 0..<ProposalEnvelope.overhead { #expect(ProposalEnvelope(Array(envelope.bytes.prefix(length))) == nil) }
  }
}
