import ClusterModel
import Dispatch
import NIOConcurrencyHelpers
package import Raft
import RaftStorage

// Proposals and reads: they wait for a leader, and are sent again when one is lost on the way.
extension RaftMember {
  package func propose(_ command: [UInt8]) async throws -> LogIndex {
    if command.count > maximumCommandSize {
      throw WarrenError(
        .invalidArgument, "This change is too large: \(command.count) bytes, at most \(maximumCommandSize). Split it into smaller ones.")
    }
    return try await propose(bytes: command.count) { .command($0.envelope(of: command, sequence: $1)) }
  }

  /// Changes who takes part, once all members know. One change at a time, by the leader only.
  /// - Throws: `.failedPrecondition` when another change is on its way or this one cannot be made, else as `propose`.
  package func change(members change: ConfigurationChange) async throws -> LogIndex {
    try await propose(bytes: change.context.count) { state, sequence throws(WarrenError) in
      guard state.leadership.isLeader else {
        throw WarrenError(.unavailable, "This manager does not lead now: ask the one that does to change the managers.")
      }
      if state.node.isChangingMembers {
        throw WarrenError(.failedPrecondition, "Another change of managers is not finished. Try again when it is.")
      }
      var change = change
      change.context = state.envelope(of: change.context, sequence: sequence)
      return .change(change)
    }
  }

  private func propose(bytes: Int, _ content: (inout State, UInt64) throws(WarrenError) -> Proposal.Content) async throws -> LogIndex {
    let start = ContinuousClock.now
    do {
      let index = try await withCheckedThrowingContinuation { continuation in
        let refused: WarrenError? = change { state in
          do throws(WarrenError) {
            try check(state, bytes: bytes)
            let sequence = state.nextSequence
            let content = try content(&state, sequence)
            state.nextSequence += 1
            state.waitingBytes += bytes
            state.proposals[sequence] = Proposal(
              content: content, continuation: continuation, bytes: bytes, triedAt: state.now, expiresAt: now() + timing.requestTime)
            // Alone, it does not wait for a turn of another thread: nothing else could come along.
            if state.proposals.count == 1 {
              state.unplaced.append(sequence)
              placeWaiting(&state)
            } else {
              place(sequence, &state)
            }
            return nil
          } catch {
            return error
          }
        }
        if let refused { continuation.resume(throwing: refused) }
      }
      metrics.stored(in: ContinuousClock.now - start)
      return index
    } catch {
      metrics.failed(with: error)
      throw error
    }
  }

  private func check(_ state: State, bytes: Int) throws(WarrenError) {
    if let end = state.end { throw end }
    if state.isLeaving { throw Self.isLeaving }
    if state.isDiskFull, state.isAlone { throw storage.location.full }
    if state.proposals.count >= limits.waitingProposals || state.waitingBytes + bytes > limits.waitingBytes {
      throw WarrenError(
        .resourceExhausted,
        "More changes wait for the disk than it keeps up with (\(state.proposals.count)). Nothing was stored; try again later.")
    }
  }

  static let isLeaving = WarrenError(.unavailable, "This manager is shutting down. Try again, or ask another manager.")

  /// Soon, together with what else comes until then: one message carries them all.
  private func place(_ sequence: UInt64, _ state: inout State) {
    state.unplaced.append(sequence)
    if state.unplaced.count == 1 { proposeThread.async { self.change { self.placeWaiting(&$0) } } }
  }

  /// Hands what waits to the leader, whoever that is. Without one it goes on waiting.
  private func placeWaiting(_ state: inout State) {
    var batch: [(sequence: UInt64, data: [UInt8])] = []
    var size = 0
    for sequence in state.unplaced {
      guard let proposal = state.proposals[sequence] else { continue }
      state.proposals[sequence]?.triedAt = state.now
      switch proposal.content {
      case .command(let data):
        if size + data.count > limits.messageBytes, !batch.isEmpty {
          place(batch, &state)
          (batch, size) = ([], 0)
        }
        batch.append((sequence, data))
        size += data.count
      // Elsewhere than at the leader nobody could tell whether it is one too many.
      case .change(let change):
        guard state.node.isLeader, !state.node.isChangingMembers else { continue }
        state.proposals[sequence]?.isPlaced = (try? state.node.propose(change)) != nil
      }
    }
    state.unplaced = []
    if !batch.isEmpty { place(batch, &state) }
  }

  private func place(_ batch: [(sequence: UInt64, data: [UInt8])], _ state: inout State) {
    let isPlaced = (try? state.node.propose(batch.map(\.data))) != nil
    for (sequence, _) in batch { state.proposals[sequence]?.isPlaced = isPlaced }
  }

  package func readBarrier() async throws -> LogIndex {
    try await withCheckedThrowingContinuation { continuation in
      let refused: WarrenError? = change { state in
        if let end = state.end { return end }
        let number = state.nextSequence
        state.nextSequence += 1
        state.reads[number] = Read(continuation: continuation, askedAt: state.now, expiresAt: now() + timing.requestTime)
        state.node.readIndex(context: State.readContext(number, session: state.session))
        return nil
      }
      if let refused { continuation.resume(throwing: refused) }
    }
  }

  /// There is a leader, perhaps another than the one that was asked: nobody knows what it has of what was.
  func askAgain(_ state: inout State) {
    state.unplaced = state.proposals.keys.sorted()
    placeWaiting(&state)
    for number in state.reads.keys.sorted() { ask(number, &state) }
  }

  /// What was not answered for long is sent again.
  func sendAgain(_ state: inout State) {
    let retry = UInt64(timing.requestRetryTicks)
    for (sequence, proposal) in state.proposals.sorted(by: { $0.key < $1.key })
    where state.now >= proposal.triedAt + retry && !(proposal.isPlaced && state.node.isLeader) {
      place(sequence, &state)
    }
    for (number, read) in state.reads.sorted(by: { $0.key < $1.key }) where state.now >= read.askedAt + retry { ask(number, &state) }
  }

  /// What was not answered for too long is given up.
  func expireRequests(_ state: inout State) {
    let moment = now()
    if let due = state.reviewAt, moment < due { return }
    state.reviewAt = moment + Self.reviewPause
    for (sequence, proposal) in state.proposals.sorted(by: { $0.key < $1.key }) where moment >= proposal.expiresAt {
      settle(sequence, .failure(unknownOutcome(state, at: moment)), &state)
    }
    let reads = state.reads.filter { moment >= $0.value.expiresAt }
    for number in reads.keys { state.reads[number] = nil }
    let expired = reads.values + state.confirmedReads.map(\.read).filter { moment >= $0.expiresAt }
    state.confirmedReads.removeAll { moment >= $0.read.expiresAt }
    if expired.isEmpty { return }
    let error = unknownOutcome(state, at: moment)
    state.answers += expired.map { read in { read.continuation.resume(throwing: error) } }
  }

  private static let reviewPause = Duration.milliseconds(50)

  private func ask(_ number: UInt64, _ state: inout State) {
    state.reads[number]?.askedAt = state.now
    state.node.readIndex(context: State.readContext(number, session: state.session))
  }

  func settle(_ sequence: UInt64, _ result: Result<LogIndex, any Error>, _ state: inout State) {
    guard let proposal = state.proposals.removeValue(forKey: sequence) else { return }
    state.waitingBytes -= proposal.bytes
    state.answers.append { proposal.continuation.resume(with: result) }
  }

  private func unknownOutcome(_ state: State, at moment: ContinuousClock.Instant) -> WarrenError {
    let voters = state.node.configuration.voters
    let missing = state.missing(at: moment)
    // Without a majority it may still think that it leads, or is led, when it has missed the ticks in which it would have noticed.
    if state.node.softState.leader == .none || voters.result(vote: { !missing.contains($0) }) != .won {
      let names = missing.map { state.names[$0] ?? "member \($0)" }.joined(separator: ", ")
      return WarrenError(
        .unavailable,
        "The managers have no leader: too few of \(voters.members.count) reach one another; "
          + (missing.isEmpty ? "an election is under way" : "not heard of: \(names)")
          + ". If this was a change, it may still happen. Bring them back; containers run on meanwhile. See: warren cluster info --stale")
    }
    return WarrenError(
      .deadlineExceeded, "The managers did not answer in time. If this was a change, it may still happen: look before you try again.")
  }

  static let outcomeIsInSnapshot = WarrenError(
    .unavailable,
    "This manager was behind and took the state over from another one. The change was made or refused meanwhile: look before you try again.")
}

extension RaftMember.State {
  /// Names a read in this run: what is still on its way to an earlier run, which numbered its reads alike, answers none of this one's.
  static func readContext(_ number: UInt64, session: UInt64) -> [UInt8] { session.littleEndianBytes + number.littleEndianBytes }

  mutating func envelope(of command: [UInt8], sequence: UInt64) -> [UInt8] {
    while floor < sequence, proposals[floor] == nil { floor += 1 }
    return ProposalEnvelope(session: session, sequence: sequence, floor: floor, command: command).bytes
  }
}
