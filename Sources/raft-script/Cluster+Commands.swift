import Raft

extension Cluster {
  /// Carries out one directive.
  mutating func perform(_ directive: Directive) throws(ScriptError) {
    switch directive.command {
    case "add-nodes": try addNodes(directive)
    case "campaign", "forget-leader", "propose", "propose-conf-change", "read-index", "transfer-leadership", "report-unreachable",
      "report-snapshot":
      try request(directive)
    case "tick-election", "tick-heartbeat", "set-randomized-election-timeout": try time(directive)
    case "process-ready": for id in try ids(directive) { try processReady(id) }
    case "process-append-thread": for id in try ids(directive) { try processAppendThread(id) }
    case "process-apply-thread": for id in try ids(directive) { try processApplyThread(id) }
    case "deliver-msgs": try deliverMessages(directive)
    case "stabilize":
      let ids = try ids(directive)
      try stabilize(ids.isEmpty ? members.map(\.id) : ids)
    case "compact": try compact(directive)
    case "send-snapshot": try sendSnapshot(directive)
    case "restart": try restart(try id(directive, 0))
    case "raft-log", "raft-state", "status": try show(directive)
    case "log-level", "_breakpoint": break
    default: throw ScriptError("unknown command \(directive.command)")
    }
  }

  private func word(_ directive: Directive, _ place: Int) throws(ScriptError) -> String {
    let words = directive.positional
    guard place < words.count else { throw ScriptError("\(directive.command) needs one more argument") }
    return words[place]
  }

  private func id(_ directive: Directive, _ place: Int) throws(ScriptError) -> MemberID {
    try ScriptNotation.member(try word(directive, place))
  }

  private func ids(_ directive: Directive) throws(ScriptError) -> [MemberID] {
    try ScriptNotation.members(directive.positional)
  }

  private func value(_ directive: Directive, _ key: String) throws(ScriptError) -> String {
    guard let value = directive.values(key).last else { throw ScriptError("\(directive.command) needs \(key)=…") }
    return value
  }

  // MARK: What is asked of a node

  private mutating func request(_ directive: Directive) throws(ScriptError) {
    switch directive.command {
    case "transfer-leadership":
      let heir = try ScriptNotation.member(try value(directive, "to"))
      try change(try ScriptNotation.member(try value(directive, "from"))) { $0.node.transferLeadership(to: heir) }
    case "propose":
      let data = Array(try word(directive, 1).utf8)
      try change(try id(directive, 0)) { member throws(RaftError) in try member.node.propose([data]) }
    case "propose-conf-change":
      let (proposed, isSingle) = try configurationChange(directive)
      try change(try id(directive, 0)) { member throws(RaftError) in try member.node.propose(proposed, asSingle: isSingle) }
    case "read-index":
      let context = Array(try word(directive, 1).utf8)
      try change(try id(directive, 0)) { $0.node.readIndex(context: context) }
    case "report-unreachable":
      let other = try id(directive, 1)
      try change(try id(directive, 0)) { $0.node.reportUnreachable(other) }
    case "report-snapshot":
      let other = try id(directive, 1)
      let succeeded = try ScriptNotation.flag(try value(directive, "ok"))
      try change(try id(directive, 0)) { $0.node.reportSnapshot(other, succeeded: succeeded) }
    case "campaign": try change(try id(directive, 0)) { $0.node.campaign() }
    default: try change(try id(directive, 0)) { $0.node.forgetLeader() }
    }
  }

  private func configurationChange(_ directive: Directive) throws(ScriptError) -> (ConfigurationChange, isSingle: Bool) {
    let transitions: [String: ConfigurationChange.Transition] = ["auto": .auto, "implicit": .jointImplicit, "explicit": .jointExplicit]
    let name = directive.values("transition").last ?? "auto"
    guard let transition = transitions[name] else { throw ScriptError("unknown transition \(name)") }
    let isSingle = try ScriptNotation.flag(directive.values("v1").last ?? "false")
    let steps = try ScriptNotation.steps(directive.input)
    if isSingle, steps.count != 1 || transition != .auto { throw ScriptError("v1 conf change can only have one operation and no transition") }
    return (ConfigurationChange(steps, transition: transition), isSingle)
  }

  private mutating func time(_ directive: Directive) throws(ScriptError) {
    let id = try id(directive, 0)
    if directive.command == "set-randomized-election-timeout" {
      let ticks = try ScriptNotation.count(try value(directive, "timeout"))
      return try change(id) { $0.node.setElectionTimeout(ticks) }
    }
    try change(id) { member in
      for _ in 0..<(directive.command == "tick-election" ? member.options.electionTicks : member.options.heartbeatTicks) { member.node.tick() }
    }
  }

  // MARK: Messages and logs

  private mutating func deliverMessages(_ directive: Directive) throws(ScriptError) {
    let kind: Message.Kind? = if let name = directive.values("type").last { try ScriptNotation.kind(name) } else { nil }
    let receivers = try ids(directive)
    let losers = try ScriptNotation.members(directive.values("drop"))
    for id in losers where receivers.contains(id) { throw ScriptError("messages to \(id) cannot be both delivered and dropped") }
    var count = 0
    for argument in directive.arguments {
      if argument.values.isEmpty { count += try deliver(to: try ScriptNotation.member(argument.key), kind: kind) }
      guard argument.key == "drop" else { continue }
      for id in try ScriptNotation.members(argument.values) { count += try deliver(to: id, kind: kind, dropping: true) }
    }
    if count == 0 { trace.append("no messages") }
  }

  private mutating func compact(_ directive: Directive) throws(ScriptError) {
    let index = try ScriptNotation.index(try word(directive, 1))
    let id = try id(directive, 0)
    let stable = members[try position(id)].node.log.stable
    guard index >= stable.firstIndex, index <= stable.lastIndex else {
      throw ScriptError("the log on disk reaches from \(stable.firstIndex) to \(stable.lastIndex)")
    }
    try change(id) { $0.node.changeStableLog { $0.compact(through: index) } }
  }

  private mutating func sendSnapshot(_ directive: Directive) throws(ScriptError) {
    let source = members[try position(try id(directive, 0))]
    let target = try id(directive, 1)
    let message = Message(.snapshot, to: target, from: source.id, term: source.node.hardState.term, snapshot: source.machine)
    send(message)
    trace.append("  \(message.text)")
  }

  // MARK: Show

  private mutating func show(_ directive: Directive) throws(ScriptError) {
    switch directive.command {
    case "raft-state": trace += members.map { "\($0.id) \(ScriptNotation.name($0.node.softState.role)) term \($0.node.hardState.term)" }
    case "raft-log":
      let stable = members[try position(try id(directive, 0))].node.log.stable
      trace += stable.slice(stable.firstIndex..<(stable.lastIndex + 1)).map(\.text)
    default:
      let member = members[try position(try id(directive, 0))]
      guard member.node.isLeader else { return trace.append(member.summary) }
      trace += member.node.progress.map { "\($0.member): \($0.progress.text)" }
    }
  }
}
