import ClusterModel
import Dispatch
import Logging
import NIOConcurrencyHelpers
import Raft
import RaftStorage
import RaftTransport

// The node is changed in one place at a time; what it asks for is handed to the threads and the transport in the order it asked.
extension RaftMember {
  /// Changes the state and sees to what follows from it.
  func change<Result>(_ body: (inout State) throws -> Result) rethrows -> Result {
    let (result, answers, appliesHere) = try state.withLockedValue { state in
      let result = try body(&state)
      carryOut(&state)
      let appliesHere = state.isApplyDue && state.isBriefToApply
      if state.isApplyDue, !appliesHere { applyThread.async { self.applyBatch() } }
      state.isApplyDue = false
      defer { state.answers = [] }
      return (result, state.answers, appliesHere)
    }
    for answer in answers { answer() }
    if appliesHere { applyBatch() }
    return result
  }

  /// Takes out what the node wants done and hands it on.
  private func carryOut(_ state: inout State) {
    while state.end == nil, state.node.hasReady {
      let ready = state.node.ready()
      if let soft = ready.softState { follow(soft, &state) }
      for read in ready.readStates { confirm(read, &state) }
      deliver(ready.messages, &state)
      if ready.hasAppend { enqueue(ready, &state) }
      if !ready.committedEntries.isEmpty { enqueue(.entries(ready.committedEntries, then: ready.messagesAfterApply), &state) }
    }
    if !state.outbox.isEmpty {
      // In here, so that messages leave in the order in which the node made them.
      if state.end == nil { state.transport?.send(state.outbox) }
      state.outbox = []
    }
    releaseReads(&state)
    updateLeadership(&state)
  }

  private func follow(_ soft: SoftState, _ state: inout State) {
    metrics.follows(soft, term: state.node.hardState.term)
    logger.debug("raft.role", metadata: ["role": "\(soft.role)", "leader": "\(soft.leader)", "term": "\(state.node.hardState.term)"])
    if soft.leader == .none { return }
    state.campaignAt = nil
    askAgain(&state)
  }

  /// To others at once, but for what speaks for a term that is not on the disk yet.
  func deliver(_ messages: [Message], _ state: inout State) {
    for message in messages {
      if message.to == state.node.id {
        try? state.node.step(message)
      } else if message.isBoundToTerm, message.term > storage.hardState.term {
        state.held.append(message)
      } else {
        state.notices.pass(message, to: &state.outbox)
      }
    }
  }

  private func enqueue(_ ready: Ready, _ state: inout State) {
    // The commit index alone is not worth a write: it is learned again, and goes along with the next one.
    let hardState = ready.mustSync || ready.snapshot != nil ? state.node.hardState : nil
    if hardState == nil, ready.entries.isEmpty, state.writes.isEmpty, !state.isWriting {
      return deliver(ready.messagesAfterAppend, &state)
    }
    if ready.snapshot != nil { state.incoming?.isTaken = true }
    let snapshot = ready.snapshot.flatMap { _ in state.incoming?.info }
    state.writes.append(
      WriteJob(snapshot: snapshot, write: LogWrite(hardState: hardState, entries: ready.entries), messages: ready.messagesAfterAppend))
    if !state.isWriting {
      state.isWriting = true
      state.writingSince = state.now
      writeThread.async { self.writeBatch() }
    }
  }

  func enqueue(_ job: ApplyJob, _ state: inout State) {
    state.applies.append(job)
    if state.isApplying { return }
    state.isApplying = true
    state.isApplyDue = true
  }

  private func confirm(_ read: ReadState, _ state: inout State) {
    var numbers = NumberReader(read.context)
    guard numbers.next() == state.session, let number = numbers.next(), let asked = state.reads.removeValue(forKey: number) else { return }
    state.confirmedReads.append((read.index, asked))
  }

  private func releaseReads(_ state: inout State) {
    let applied = state.applied
    if state.isDiskFull, state.isAlone {
      // It cannot begin a term to lead in, and need not: nobody else has acknowledged anything.
      state.confirmedReads += state.reads.values.map { (applied, $0) }
      state.reads = [:]
    }
    let ready = state.confirmedReads.filter { $0.index <= applied }
    guard !ready.isEmpty else { return }
    state.confirmedReads.removeAll { $0.index <= applied }
    state.answers += ready.map { ready in { ready.read.continuation.resume(returning: applied) } }
  }

  /// It leads once an entry of its own term is applied: what earlier leaders committed is known only then.
  private func updateLeadership(_ state: inout State) {
    let node = state.node
    if let leaver = state.leaver, !(node.isLeader && state.hasOtherVoters) || state.now >= leaver.until {
      state.leaver = nil
      state.answers.append { leaver.continuation.resume() }
    }
    let leads = node.isLeader && node.log.term(state.applied) == node.hardState.term
    let leadership = Leadership(term: node.hardState.term, isLeader: leads)
    guard leadership != state.leadership else { return }
    state.leadership = leadership
    let readers = state.leadershipReaders
    state.answers.append { for reader in readers { reader.yield(leadership) } }
  }
}
