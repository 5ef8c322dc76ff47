import Raft

/// The state machine's side: entries are applied some time after they were committed, clients are answered, configurations take effect.
extension Simulation {
  func beginApply(_ node: SimulatedNode) {
    guard !node.isApplying, !node.applies.isEmpty else { return }
    node.isApplying = true
    schedule(.applied(node: node.id, epoch: node.epoch), after: random.int(in: plan.apply))
  }

  func applyEnded(_ node: SimulatedNode) throws(Violation) {
    node.isApplying = false
    guard !node.applies.isEmpty else { return }
    let job = node.applies.removeFirst()
    try apply(node, job.entries)
    for message in job.messages { try send(node, message) }
    beginApply(node)
    try drain(node)
  }

  func apply(_ node: SimulatedNode, _ entries: [Entry]) throws(Violation) {
    // What a received snapshot stands for must not be applied any more, even while it is on its way to the disk: the core has taken its
    // configuration over, and an older change would be made to the newer one.
    let superseded = max(node.appliedIndex, (node.process?.log.firstIndex ?? 1) - 1)
    for entry in entries where entry.index > superseded {
      switch entry.kind {
      case .command: if let command = Command(bytes: entry.data) { apply(node, command) }
      case .singleChange, .configurationChange: try apply(node, change: entry)
      }
      try checker.applied(entry, node)
      (node.appliedIndex, node.appliedTerm) = (entry.index, entry.term)
      // A new member refuses a snapshot from before it was one; so there has to be a newer one to send.
      if entry.kind != .command { try snapshot(node, cutThrough: node.disk.written.compactedIndex) }
    }
    serveReads(node)
  }

  private func apply(_ node: SimulatedNode, _ command: Command) {
    let outcome = node.registers.apply(command)
    let value: UInt64
    switch outcome {
    case .done(let new): value = new
    case .repeated(let old):
      counts[.retryApplied] += 1
      value = old
    case .stale: return
    }
    guard let write = node.writes[command.session], write.sequence == command.sequence else { return }
    node.writes[command.session] = nil
    answer(Int(command.session), write.attempt, value)
  }

  private func apply(_ node: SimulatedNode, change entry: Entry) throws(Violation) {
    do throws(RaftError) {
      let change = try ConfigurationChange(encoded: entry.data)
      if let state = try node.process?.raft.apply(change) { node.configuration = state }
    } catch {
      throw Violation(.consistency, "\(node.id) cannot apply the change at \(entry.index): \(error)")
    }
    if let old = try checker.tookEffect(node.configuration, at: entry.index, node) {
      trace.note(now, "the configuration is \(node.configuration.summary) as of \(entry.index)")
      tookEffect(from: old, to: node.configuration)
    }
  }

  func serveReads(_ node: SimulatedNode) {
    let ready = node.readsToServe.filter { $0.index <= node.appliedIndex }
    guard !ready.isEmpty else { return }
    node.readsToServe.removeAll { $0.index <= node.appliedIndex }
    for state in ready {
      guard let read = node.reads.removeValue(forKey: UInt64(littleEndianBytes: state.context)) else { continue }
      answer(read.client, read.attempt, node.registers.values[read.key])
    }
  }

  private func answer(_ client: Int, _ attempt: Int, _ value: UInt64) {
    schedule(.answer(client: client, attempt: attempt, value: value), after: random.int(in: 100...2000))
  }

  /// Snapshots at random points, and cuts the log off somewhere before.
  func compact() throws(Violation) {
    guard let pause = plan.compactionPause, healing == nil else { return }
    schedule(.compact, after: random.int(in: 0...2 * pause))
    guard let node = random.pick(nodes.filter { $0.isUp && !$0.isPaused && $0.appliedIndex > $0.disk.written.compactedIndex }) else { return }
    counts[.compaction] += 1
    let through = node.appliedIndex - UInt64(random.int(in: 0...Int(min(20, node.appliedIndex - node.disk.written.compactedIndex))))
    trace.note(now, "\(node.id) compacts through \(through) with a snapshot of \(node.appliedIndex)")
    try snapshot(node, cutThrough: through)
  }

  private func snapshot(_ node: SimulatedNode, cutThrough index: LogIndex) throws(Violation) {
    try append(node, DiskWrite(compaction: .init(snapshot: node.currentSnapshot, through: index)), messages: [])
  }
}
