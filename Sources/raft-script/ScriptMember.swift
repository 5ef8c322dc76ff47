import Raft

/// A node of the scripted cluster: the Raft member, its disk, its state machine, and the work queued for both.
struct ScriptMember: Sendable {
  var node: RawNode
  let options: RaftOptions
  /// What the disk holds beside the log, which is in `node`.
  var hardState = HardState()
  /// What the append and apply threads have still to do, with asynchronous storage writes.
  var appendWork: [Ready] = []
  var applyWork: [Ready] = []
  /// The state machine appends payloads. What came by snapshot it does not know, as in the scenarios of etcd-io/raft.
  var machine: Snapshot
  /// The newest snapshot received.
  private var installed: Snapshot?

  init(node: RawNode, options: RaftOptions, machine: Snapshot) {
    self.node = node
    self.options = options
    self.machine = machine
  }

  var id: MemberID { node.id }

  /// What is sent to members that need a snapshot: the state after the latest entry.
  private var offered: Snapshot? {
    if let installed, installed.metadata.index > machine.metadata.index { return installed }
    return machine.metadata.index == 0 ? nil : machine
  }

  /// Writes what a `Ready` names.
  mutating func write(_ ready: Ready) {
    if let hardState = ready.hardState { self.hardState = hardState }
    if let snapshot = ready.snapshot { installed = snapshot }
    let offered = offered
    node.changeStableLog { stable in
      if let snapshot = ready.snapshot {
        stable.restore(snapshot)
        stable.snapshot = offered
      } else {
        stable.append(ready.entries)
      }
    }
  }

  /// Applies committed entries.
  mutating func apply(_ entries: [Entry]) throws(ScriptError) {
    for entry in entries {
      var payload = entry.data
      if entry.kind != .command {
        do throws(RaftError) {
          let change = try ConfigurationChange(encoded: entry.data)
          payload = change.context
          try node.apply(change)
        } catch {
          throw ScriptError(error)
        }
      }
      machine.data += payload
      machine.metadata = SnapshotMetadata(index: entry.index, term: entry.term, configuration: node.configuration.state)
      let offered = offered
      node.changeStableLog { $0.snapshot = offered }
    }
  }

  /// Loses everything that the disk does not hold, and starts again.
  mutating func restart(random: SplitMix64) throws(ScriptError) {
    appendWork = []
    applyWork = []
    var recovered = hardState
    let applied = offered?.metadata ?? SnapshotMetadata()
    // Whatever the state machine has was committed, though the disk may not know so yet.
    recovered.commit = max(recovered.commit, applied.index)
    do throws(RaftError) {
      node = try RawNode(
        options: options, hardState: recovered, configuration: applied.configuration, stable: node.log.stable, applied: applied.index,
        random: random)
    } catch {
      throw ScriptError(error)
    }
  }
}

extension ScriptError {
  init(_ error: RaftError) {
    switch error {
    case .proposalDropped: self.init("the proposal was dropped")
    case .invalidChange(let reason), .invalidState(let reason): self.init(reason)
    case .unknownMember(let member): self.init("\(member) is no member")
    case .localMessage: self.init("only the member itself may say that")
    case .malformed: self.init("the message contradicts itself")
    case .logLost(let commit, let last): self.init("\(commit) is committed, but the log here ends at \(last)")
    case .conflictsWithCommitted(let index): self.init("\(index) is committed here with another entry")
    }
  }
}
