import Raft

// What the owner of a member does: it carries out each `Ready`, on a disk and links that may fail. The real driver follows the same rules.
extension Simulation {
  func start(_ node: SimulatedNode) throws(Violation) {
    let log: StableLog
    do throws(SimulatedDisk.Failure) { log = try node.disk.stableLog() } catch {
      // The checksum does not match: the member refuses to start, and comes back empty under a new id.
      counts[.bitFlip] += 1
      trace.note(now, "\(node.id) finds its disk \(error)")
      return wipe(node)
    }
    do {
      try node.start(from: log, plan: plan)
    } catch {
      throw Violation(.consistency, "\(node.id) cannot start from its own disk: \(error)")
    }
    schedule(.tick(node: node.id, epoch: node.epoch), after: random.int(in: 0...node.tick))
    try checker.started(node)
    try checker.observe(node, nodes)
  }

  func tick(_ node: SimulatedNode) throws(Violation) {
    node.process?.raft.tick()
    try drain(node)
  }

  func campaign(_ node: SimulatedNode) throws(Violation) {
    guard node.leader == 0 else { return }
    trace.note(now, "\(node.id) campaigns without waiting")
    node.process?.raft.campaign()
    try drain(node)
  }

  /// A closed connection: what was sent may be lost, and a dead leader need not be waited for.
  func connectionLost(_ node: SimulatedNode, peer: UInt64) throws(Violation) {
    node.process?.raft.reportUnreachable(MemberID(rawValue: peer))
    if node.leader == peer, !self.node(peer).isUp || random.chance(20) {
      trace.note(now, "\(node.id) gives its leader \(peer) up")
      counts[.forgetLeader] += 1
      node.process?.raft.forgetLeader()
      schedule(.campaign(node: node.id, epoch: node.epoch), after: random.int(in: 0...50_000))
    }
    try drain(node)
  }

  func propose(_ node: SimulatedNode, _ command: Command) throws(Violation) {
    do throws(RaftError) {
      try node.process?.raft.propose([command.bytes])
    } catch {
      refuse(node.writes.removeValue(forKey: command.session)?.attempt, client: Int(command.session))
    }
    try drain(node)
  }

  func read(_ node: SimulatedNode, context: UInt64) throws(Violation) {
    node.process?.raft.readIndex(context: context.littleEndianBytes)
    try drain(node)
  }

  /// Tells the client at once that nothing was done with its attempt.
  private func refuse(_ attempt: Int?, client: Int) {
    if let attempt { schedule(.clientTimeout(client: client, attempt: attempt), after: .milliseconds(random.int(in: 10...80))) }
  }

  func deliver(_ message: Message, connection: Int) throws(Violation) {
    let node = node(message.to.rawValue)
    let arrives = node.isUp && network.isOpen(from: message.from.rawValue, to: node.id, connection: connection)
    if message.kind == .snapshot { reportSnapshot(message, succeeded: arrives) }
    guard arrives else { return }
    trace.note(now, "\(node.id) receives \(message.summary)")
    try step(node, message)
    try drain(node)
  }

  private func reportSnapshot(_ message: Message, succeeded: Bool) {
    let sender = node(message.from.rawValue)
    let report = Event.snapshotReport(node: sender.id, epoch: sender.epoch, member: message.to.rawValue, succeeded: succeeded)
    schedule(report, after: random.int(in: 500...5000))
  }

  func snapshotReported(_ node: SimulatedNode, member: UInt64, succeeded: Bool) throws(Violation) {
    node.process?.raft.reportSnapshot(MemberID(rawValue: member), succeeded: succeeded)
    try drain(node)
  }

  private func step(_ node: SimulatedNode, _ message: Message) throws(Violation) {
    do throws(RaftError) {
      try node.process?.raft.step(message)
    } catch {
      switch error {
      case .proposalDropped, .unknownMember: break
      default: throw Violation(.consistency, "\(node.id) refuses \(message.summary): \(error)")
      }
    }
    try checker.observe(node, nodes)
  }

  /// Carries out what the member has to do until it has nothing more.
  func drain(_ node: SimulatedNode) throws(Violation) {
    try checker.observe(node, nodes)
    while node.process?.hasReady == true, node.isAsynchronous || node.outstanding == nil, let ready = node.process?.raft.ready() {
      if let state = ready.softState { trace.note(now, "\(node.id) is \(state.role) in term \(node.term), leader \(state.leader)") }
      // Nobody won, perhaps because several tried: the next try need not wait for a whole election timeout.
      if ready.softState?.role == .candidate || ready.softState?.role == .preCandidate, random.chance(50) {
        schedule(.campaign(node: node.id, epoch: node.epoch), after: random.int(in: 50_000...150_000))
      }
      if ready.softState?.role == .leader { tellClients(of: node) }
      node.readsToServe += ready.readStates
      serveReads(node)
      for message in ready.messages { try send(node, message) }
      let write = DiskWrite(hardState: ready.hardState, snapshot: ready.snapshot, entries: ready.entries)
      if node.isAsynchronous {
        if ready.hasAppend { try append(node, write, messages: ready.messagesAfterAppend) }
        if !ready.committedEntries.isEmpty {
          node.applies.append(.init(entries: ready.committedEntries, messages: ready.messagesAfterApply))
          beginApply(node)
        }
      } else {
        node.outstanding = ready
        try append(node, write, messages: ready.messagesAfterAppend.filter { $0.to != node.memberID })
      }
    }
  }

  /// Sends now, or once the term it speaks for is durable here: after a crash this member might otherwise speak for that term again, with another log.
  func send(_ node: SimulatedNode, _ message: Message) throws(Violation) {
    if message.to == node.memberID { return try step(node, message) }
    if message.isBoundToTerm, message.term > node.disk.synced.hardState.term {
      node.held.append(message)
    } else {
      try release(node, message)
    }
  }

  private func release(_ node: SimulatedNode, _ message: Message) throws(Violation) {
    try checker.released(message, by: node)
    let target = message.to.rawValue
    guard target >= 1, target <= nodes.count else { return }
    let arrivals = network.send(from: node.id, to: target, at: now) { counts[$0] += 1 }
    if arrivals.isEmpty, message.kind == .snapshot { reportSnapshot(message, succeeded: false) }
    for arrival in arrivals { queue.schedule(.deliver(message, connection: arrival.connection), at: arrival.time) }
  }

  // MARK: The disk

  func append(_ node: SimulatedNode, _ write: DiskWrite, messages: [Message]) throws(Violation) {
    try checker.wrote(write, node)
    node.disk.write(write)
    node.appends.append(.init(write: write, messages: messages))
    beginSync(node)
    if node.crashesAtNextWrite {
      node.crashesAtNextWrite = false
      // Some of what depends on the write may get out before, some after the first sync.
      schedule(.powerFailure(node: node.id, epoch: node.epoch), after: random.int(in: 0...plan.sync.upperBound))
    }
  }

  /// Whatever queued while a sync ran goes into the next one.
  private func beginSync(_ node: SimulatedNode) {
    guard node.disk.syncing == nil, !node.disk.unsynced.isEmpty else { return }
    node.disk.beginSync()
    let stall = max(0, node.stallUntil - now)
    schedule(.synced(node: node.id, epoch: node.epoch), after: stall + random.int(in: plan.sync))
  }

  func syncEnded(_ node: SimulatedNode) throws(Violation) {
    guard node.disk.syncing != nil else { return }
    if node.failsNextSync {
      // Never retried: the process ends, and what the disk has is seen at the next start.
      counts[.syncFailure] += 1
      trace.note(now, "a sync of \(node.id) fails")
      return crashForAWhile(node)
    }
    let count = node.disk.endSync().count
    let done = node.appends.prefix(count)
    node.appends.removeFirst(count)
    beginSync(node)
    for job in done { try becameDurable(node, job) }
    let released = node.held.filter { $0.term <= node.disk.synced.hardState.term }
    node.held.removeAll { $0.term <= node.disk.synced.hardState.term }
    for message in released { try release(node, message) }
    try drain(node)
  }

  private func becameDurable(_ node: SimulatedNode, _ job: SimulatedNode.AppendJob) throws(Violation) {
    node.process?.raft.changeStableLog {
      if let snapshot = job.write.snapshot { $0.restore(snapshot) }
      $0.append(job.write.entries)
      if let compaction = job.write.compaction {
        if compaction.snapshot.metadata.index > $0.snapshot?.metadata.index ?? 0 { $0.snapshot = compaction.snapshot }
        $0.compact(through: compaction.through)
      }
    }
    if let snapshot = job.write.snapshot, snapshot.metadata.index > node.appliedIndex {
      counts[.snapshotInstalled] += 1
      trace.note(now, "\(node.id) installs the snapshot of \(snapshot.metadata.index)")
      node.adopt(snapshot)
      try checker.installed(snapshot, node)
    }
    for message in job.messages { try send(node, message) }
    if job.write.compaction == nil, let ready = node.outstanding {
      node.outstanding = nil
      try apply(node, ready.committedEntries)
      node.process?.raft.advance(ready)
    }
  }
}
