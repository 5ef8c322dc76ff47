import ClusterModel
import Dispatch
import Logging
import NIOConcurrencyHelpers
package import Raft
import RaftStorage

// What happens because time passes, or because a connection says that waiting is in vain.
extension RaftMember {
  /// Moves the clock while there are others. With a random phase, so that members do not tick together. False when it is alone.
  @discardableResult
  func startTicking() -> Bool {
    let starts: Bool? = state.withLockedValue { state in
      if state.isAlone { return nil }
      defer { state.isTicking = true }
      return !state.isTicking
    }
    guard let starts else { return false }
    if starts, let tick = timing.tick {
      let nanoseconds = Int(tick.nanoseconds)
      keepTicking(at: .now() + .nanoseconds(.random(in: 0..<nanoseconds)), each: .nanoseconds(nanoseconds))
    }
    return true
  }

  private func keepTicking(at time: DispatchTime, each tick: DispatchTimeInterval) {
    tickThread.asyncAfter(deadline: time) { [weak self] in
      guard let self else { return }
      self.tick()
      let goesOn = state.withLockedValue { state in
        state.isTicking = state.end == nil && !state.isAlone
        return state.isTicking
      }
      // Ticks that a busy machine missed are not made up for: time that nobody had is no reason for an election.
      if goesOn { keepTicking(at: max(time + tick, .now()), each: tick) }
    }
  }

  package func tick() {
    change { state in
      if state.end != nil || state.isAlone { return }
      expireRequests(&state)
      // With a full disk it can neither vote nor lead: as if it were away.
      if state.isDiskFull { return }
      state.now += 1
      state.outbox += state.notices.release()
      state.node.tick()
      if let due = state.campaignAt, state.now >= due {
        state.campaignAt = nil
        if state.node.softState.leader == .none { state.node.campaign() }
      }
      if state.now.isMultiple(of: 5) { sendAgain(&state) }
      if state.isWriting, state.node.isLeader, state.now - state.writingSince >= UInt64(timing.stalledDiskTicks) { leaveStalledDisk(&state) }
      if state.isLeaving { handOver(&state) }
    }
  }

  private func leaveStalledDisk(_ state: inout State) {
    guard state.node.transferee == .none else { return }
    logger.error(
      "raft.disk.stalled",
      metadata: ["directory": "\(storage.location.directory)", "ticks": "\(state.now - state.writingSince)", "action": "hand leadership over"])
    handOver(&state)
  }

  /// To the voter that has the most of the log, of those that were heard of lately.
  func handOver(_ state: inout State) {
    let node = state.node
    guard node.isLeader, node.transferee == .none else { return }
    let heirs = node.progress.filter { $0.member != node.id && !$0.progress.isLearner }
    let heir = heirs.max { ($0.progress.recentActive ? 1 : 0, $0.progress.match) < ($1.progress.recentActive ? 1 : 0, $1.progress.match) }
    if let heir { state.node.transferLeadership(to: heir.member) }
  }

  /// The leader's process is gone: there is no use in waiting until it has been silent for an election timeout. Safe, because safety never
  /// rests on time, and an election still needs a majority that has lost the leader, too.
  package func lost(_ member: MemberID) {
    change { state in
      state.node.reportUnreachable(member)
      guard state.node.softState.leader == member, state.end == nil else { return }
      logger.notice("raft.leader.lost", metadata: ["leader": "\(member)", "term": "\(state.node.hardState.term)"])
      state.node.forgetLeader()
      state.campaignAt = state.now + UInt64.random(in: 0...UInt64(timing.hintJitterTicks))
    }
  }
}
