import ClusterModel
import NIOConcurrencyHelpers
import Raft

/// The replicated state: the table of sessions around the state machine that the commands are for.
final class SessionStateMachine: Sendable {
  /// What became of a proposal.
  struct Result: Sendable {
    var session: UInt64
    var sequence: UInt64
    var index: LogIndex
    var outcome: ApplyOutcome
  }

  /// A change of members that is to take effect.
  struct MemberChange: Sendable {
    var index: LogIndex
    var change: ConfigurationChange
    /// Nil for what a leader adds by itself.
    var proposal: (session: UInt64, sequence: UInt64)?
  }

  struct Applied: Sendable {
    var results: [Result] = []
    var changes: [MemberChange] = []
    var isUrgent = false
  }

  private let inner: any ReplicatedStateMachine
  let table = NIOLockedValueBox(SessionTable())

  init(_ inner: any ReplicatedStateMachine) { self.inner = inner }

  /// Applies the commands among the entries that were not applied before. Returns what became of those with a session, and what is to be
  /// changed about the members.
  /// - Throws: when a command cannot be understood.
  func apply(_ entries: some Collection<Entry>) throws -> Applied {
    var applied = Applied()
    var commands: [CommittedEntry] = []
    var proposals: [(session: UInt64, sequence: UInt64)?] = []
    try table.withLockedValue { table in
      for entry in entries where entry.kind != .command || !entry.data.isEmpty {
        let change = entry.kind == .command ? nil : try ConfigurationChange(encoded: entry.data)
        let envelope = ProposalEnvelope(change?.context ?? entry.data)
        if let envelope, !table.admit(envelope, at: entry.index) { continue }
        let proposal = envelope.map { (session: $0.session, sequence: $0.sequence) }
        if let change {
          applied.changes.append(MemberChange(index: entry.index, change: change, proposal: proposal))
        } else {
          commands.append(CommittedEntry(index: entry.index, command: envelope?.command ?? entry.data))
          proposals.append(proposal)
        }
      }
    }
    if commands.isEmpty { return applied }
    let outcomes = try inner.apply(commands)
    for ((command, proposal), outcome) in zip(zip(commands, proposals), outcomes) {
      if case .accepted(isUrgent: true) = outcome { applied.isUrgent = true }
      guard let proposal else { continue }
      applied.results.append(Result(session: proposal.session, sequence: proposal.sequence, index: command.index, outcome: outcome))
    }
    return applied
  }

  /// Whether the proposal was applied already.
  func isSettled(session: UInt64, sequence: UInt64) -> Bool { table.withLockedValue { $0.isSettled(session: session, sequence: sequence) } }

  private static let mark: [UInt8] = [0, 1]

  /// A picture of the present state; what is returned encodes it.
  func snapshot() -> @Sendable () throws -> [UInt8] {
    let encode = inner.snapshot()
    let sessions = table.withLockedValue { $0 }
    return {
      let bytes = sessions.bytes
      return Self.mark + UInt64(bytes.count).littleEndianBytes + bytes + (try encode())
    }
  }

  /// - Throws: `.dataLoss` when the snapshot cannot be understood.
  func restore(_ snapshot: [UInt8], index: LogIndex) throws {
    // One from before logs were replicated is the inner state alone.
    guard snapshot.starts(with: Self.mark) else {
      table.withLockedValue { $0 = SessionTable() }
      return try inner.restore(snapshot, index: index)
    }
    var numbers = NumberReader(snapshot[Self.mark.count...])
    guard let size = numbers.next(), size <= UInt64(numbers.rest.count), let sessions = SessionTable(bytes: numbers.rest.prefix(Int(size))) else {
      throw WarrenError(.dataLoss, "The snapshot at entry \(index) is not a snapshot. Restore a copy of the log, or report this.")
    }
    try inner.restore(Array(numbers.rest.dropFirst(Int(size))), index: index)
    table.withLockedValue { $0 = sessions }
  }
}
