import Raft

extension Cluster {
  /// `add-nodes N`: nodes with the next free numbers, empty or behind a snapshot that knows the members.
  mutating func addNodes(_ directive: Directive) throws(ScriptError) {
    guard let word = directive.positional.first else { throw ScriptError("add-nodes needs a number of nodes") }
    let count = try ScriptNotation.count(word)
    let options = try Self.options(directive)
    let snapshot = try Self.snapshot(directive)
    for _ in 0..<min(count, 100) { add(try Self.member(MemberID(rawValue: UInt64(members.count + 1)), options, snapshot)) }
  }

  private static func member(_ id: MemberID, _ template: RaftOptions, _ snapshot: Snapshot?) throws(ScriptError) -> ScriptMember {
    var options = template
    options.id = id
    let machine = snapshot ?? Snapshot(metadata: SnapshotMetadata())
    let base = LogPosition(term: machine.metadata.term, index: machine.metadata.index)
    do throws(RaftError) {
      let node = try RawNode(
        options: options, configuration: machine.metadata.configuration, stable: StableLog(base: base, snapshot: snapshot),
        applied: base.index, random: SplitMix64(seed: id.rawValue))
      return ScriptMember(node: node, options: options, machine: machine)
    } catch {
      throw ScriptError(error)
    }
  }

  /// Nil when the nodes are to begin with nothing.
  private static func snapshot(_ directive: Directive) throws(ScriptError) -> Snapshot? {
    let voters = MemberSet(try ScriptNotation.members(directive.values("voters")))
    let learners = MemberSet(try ScriptNotation.members(directive.values("learners")))
    let content = directive.values("content").joined()
    guard let text = directive.values("index").last else {
      if voters.isEmpty, learners.isEmpty, content.isEmpty { return nil }
      throw ScriptError("index must be specified as > 1 due to bootstrap")
    }
    let index = try ScriptNotation.index(text)
    guard index > 1 else { throw ScriptError("index must be specified as > 1 due to bootstrap") }
    let configuration = ConfigurationState(voters: voters, learners: learners)
    return Snapshot(metadata: SnapshotMetadata(index: index, term: 1, configuration: configuration), data: Array(content.utf8))
  }

  /// As in the scenarios of etcd-io/raft: no limits and no safeguards unless asked for.
  private static func options(_ directive: Directive) throws(ScriptError) -> RaftOptions {
    var options = RaftOptions(id: .none, electionTicks: 3, heartbeatTicks: 1)
    options.checkQuorum = false
    options.refusalsTellCommit = false
    options.preVote = false
    options.asyncStorageWrites = false
    options.stepsDownOnRemoval = false
    options.maxInflightMessages = Int(Int32.max)
    for argument in directive.arguments {
      guard let value = argument.values.last else { continue }
      switch argument.key {
      case "voters", "learners", "index", "content": break
      case "async-storage-writes": options.asyncStorageWrites = try ScriptNotation.flag(value)
      case "prevote": options.preVote = try ScriptNotation.flag(value)
      case "checkquorum": options.checkQuorum = try ScriptNotation.flag(value)
      case "step-down-on-removal": options.stepsDownOnRemoval = try ScriptNotation.flag(value)
      case "disable-conf-change-validation": options.validatesConfigurationChanges = !(try ScriptNotation.flag(value))
      case "disable-proposal-forwarding": options.forwardsProposals = !(try ScriptNotation.flag(value))
      case "inflight": options.maxInflightMessages = try ScriptNotation.count(value)
      case "max-inflight-bytes": options.maxInflightBytes = try ScriptNotation.count(value)
      case "max-size-per-message": options.maxMessageSize = try ScriptNotation.count(value)
      case "max-uncommitted-size": options.maxUncommittedSize = try ScriptNotation.count(value)
      case "max-committed-size-per-ready": options.maxApplyingSize = try ScriptNotation.count(value)
      case "read-only":
        guard value == "safe" || value == "lease-based" else { throw ScriptError("invalid read-only option \(value)") }
        options.readOnly = value == "safe" ? .safe : .lease
      default: throw ScriptError("unknown option \(argument.key)")
      }
    }
    if options.readOnly == .lease, !options.checkQuorum { throw ScriptError("a lease needs checkquorum=true") }
    if options.maxInflightMessages == 0 { throw ScriptError("inflight must be greater than 0") }
    return options
  }
}
