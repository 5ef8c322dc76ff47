extension RaftCore {
  /// Makes a committed change of members take effect.
  /// - Throws: `.invalidChange`; nothing has changed then.
  mutating func apply(_ change: ConfigurationChange) throws(RaftError) -> ConfigurationState {
    var changer = ConfigurationChanger(tracker: tracker, lastIndex: log.lastIndex)
    try changer.apply(change)
    return adopt(changer)
  }

  mutating func adopt(_ changer: ConfigurationChanger) -> ConfigurationState {
    tracker.adopt(changer)
    let state = tracker.configuration.state
    guard role == .leader else { return state }
    if tracker[id]?.isLearner != false {
      // It led until its own removal was committed (Raft paper, 6).
      if options.stepsDownOnRemoval { becomeFollower(term, leader: .none) }
      return state
    }
    if state.voters.isEmpty { return state }
    answerConfirmedReads()
    if commit() {
      // The new quorum may have more.
      confirmEarlyReads()
      broadcastAppend()
    } else {
      for member in tracker.ids where member != id { sendAppend(to: member, ifEmpty: false) }
    }
    if transferee != .none, !tracker.configuration.voters.members.contains(transferee) { transferee = .none }
    return state
  }
}
