import ClusterModel
import Dispatch
import NIOConcurrencyHelpers
import Raft
import RaftStorage

// The node is changed in one place at a time; what it asks for is handed to the threads in the order it asked.
extension RaftMember {
  /// Changes the state and sees to what follows from it.
  func change<Result>(_ body: (inout State) -> Result) -> Result {
    let (result, answers) = state.withLockedValue { state in
      let result = body(&state)
      return (result, carryOut(&state))
    }
    for answer in answers { answer() }
    return result
  }

  /// Takes out what the node wants done and hands it on. Returns what is to be called once the state is free again.
  private func carryOut(_ state: inout State) -> [() -> Void] {
    while state.end == nil, state.node.hasReady {
      let ready = state.node.ready()
      // Who does not lead forgets reads: they are asked for again.
      if ready.softState?.role == .leader { for number in state.reads.keys { state.node.readIndex(context: number.littleEndianBytes) } }
      for read in ready.readStates { confirm(read, &state) }
      if ready.hasAppend { enqueue(ready, &state) }
      if !ready.committedEntries.isEmpty {
        state.applies.append((ready.committedEntries, ready.messagesAfterApply))
        if !state.isApplying {
          state.isApplying = true
          applyThread.async { self.applyBatch() }
        }
      }
    }
    return releaseReads(&state) + updateLeadership(&state)
  }

  private func enqueue(_ ready: Ready, _ state: inout State) {
    // The commit index alone is not worth a write: it is learned again, and goes along with the next one.
    let hardState = ready.mustSync ? state.node.hardState : nil
    if hardState == nil, ready.entries.isEmpty, state.writes.isEmpty, !state.isWriting {
      for message in ready.messagesAfterAppend { try? state.node.step(message) }
      return
    }
    state.writes.append(WriteJob(write: LogWrite(hardState: hardState, entries: ready.entries), messages: ready.messagesAfterAppend))
    if !state.isWriting {
      state.isWriting = true
      writeThread.async { self.writeBatch() }
    }
  }

  private func confirm(_ read: ReadState, _ state: inout State) {
    var numbers = NumberReader(read.context)
    guard let number = numbers.next(), let continuation = state.reads.removeValue(forKey: number) else { return }
    state.confirmedReads.append((read.index, continuation))
  }

  private func releaseReads(_ state: inout State) -> [() -> Void] {
    let applied = state.applied
    let ready = state.confirmedReads.filter { $0.index <= applied }
    guard !ready.isEmpty else { return [] }
    state.confirmedReads.removeAll { $0.index <= applied }
    return ready.map { read in { read.continuation.resume(returning: applied) } }
  }

  /// It leads once an entry of its own term is applied: what earlier leaders committed is known only then.
  private func updateLeadership(_ state: inout State) -> [() -> Void] {
    let node = state.node
    let leads = node.isLeader && node.log.term(state.applied) == node.hardState.term
    let leadership = Leadership(term: node.hardState.term, isLeader: leads)
    guard leadership != state.leadership else { return [] }
    state.leadership = leadership
    let readers = state.leadershipReaders
    return [{ for reader in readers { reader.yield(leadership) } }]
  }
}
