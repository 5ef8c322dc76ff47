import Raft

extension ScriptMember {
  /// Everything there is to see of a node, in the form of the recorded vectors.
  var state: JSONValue {
    let log = node.log
    var json = node.configuration.state.json
    // The status that the vectors were recorded from does not carry it. `summary` tells the truth.
    json["autoLeave"] = false
    json["role"] = .string(ScriptNotation.name(node.softState.role))
    json["term"] = .number(node.hardState.term)
    json["vote"] = .number(node.hardState.vote.rawValue)
    json["commit"] = .number(log.committed)
    json["lead"] = .number(node.softState.leader.rawValue)
    json["applied"] = .number(log.applied)
    json["applying"] = .number(log.applying)
    json["first"] = .number(log.firstIndex)
    json["last"] = .number(log.lastIndex)
    json["stableFirst"] = .number(log.stable.firstIndex)
    json["stableLast"] = .number(log.stable.lastIndex)
    json["log"] = .array(entries.map(\.json))
    json["sm"] = .string(String(decoding: machine.data, as: UTF8.self))
    json["smIndex"] = .number(machine.metadata.index)
    json["transferee"] = .number(node.transferee.rawValue)
    if node.isLeader {
      json["progress"] = .object(Dictionary(uniqueKeysWithValues: node.progress.map { ($0.member.description, $0.progress.json) }))
    }
    return .object(json)
  }

  /// The whole log, on disk or not yet.
  var entries: [Entry] {
    let log = node.log
    return log.slice(log.firstIndex..<(log.lastIndex + 1)) ?? []
  }

  /// The same in one line for people.
  var summary: String {
    let (log, soft, hard) = (node.log, node.softState, node.hardState)
    var words = ["\(id) \(ScriptNotation.name(soft.role)) term \(hard.term)"]
    if hard.vote != .none { words.append("vote \(hard.vote)") }
    if soft.leader != .none, soft.leader != id { words.append("leader \(soft.leader)") }
    words.append("log \(log.firstIndex)..\(log.lastIndex)")
    if log.stable.lastIndex != log.lastIndex { words.append("on disk ..\(log.stable.lastIndex)") }
    words.append("commit \(log.committed) applied \(log.applied)")
    if node.transferee != .none { words.append("transfers to \(node.transferee)") }
    words.append(node.configuration.state.text)
    return words.joined(separator: " ")
  }
}

extension ConfigurationState {
  /// Such as `voters 1,2,3 and 1,2 learners 4`.
  fileprivate var text: String {
    func list(_ members: MemberSet) -> String { members.map(\.description).joined(separator: ",") }
    var words = ["voters \(voters.isEmpty ? "none" : list(voters))"]
    if !votersOutgoing.isEmpty { words.append("and \(list(votersOutgoing))") }
    if !learners.isEmpty { words.append("learners \(list(learners))") }
    if !learnersNext.isEmpty { words.append("learners later \(list(learnersNext))") }
    if autoLeave { words.append("leaves by itself") }
    return words.joined(separator: " ")
  }
}

extension Progress {
  /// One line of `status`.
  var text: String {
    var words = ["\(ScriptNotation.name(state)) match \(match) next \(next)"]
    if isLearner { words.append("learner") }
    if pendingSnapshot > 0 { words.append("snapshot \(pendingSnapshot)") }
    if isPaused { words.append("paused") }
    if !recentActive { words.append("not heard of") }
    if inflights.count > 0 { words.append("inflight \(inflights.count)\(inflights.isFull ? " (full)" : "")") }
    return words.joined(separator: " ")
  }
}
