import Raft

/// `simple`, `enter-joint` and `leave-joint`: the arithmetic of membership, without a cluster.
///
/// Each command adds an entry to an imagined log, so that it shows at which index a new member starts.
struct MembershipCommands {
  private var tracker = ProgressTracker(inflights: Inflights(messageLimit: 10))
  private var lastIndex: LogIndex = 0

  /// The new configuration and progress, or `{"error": …}`, after which all is as it was.
  mutating func perform(_ directive: Directive) -> JSONValue {
    defer { lastIndex += 1 }
    var changer = ConfigurationChanger(tracker: tracker, lastIndex: lastIndex)
    do {
      let steps = try ScriptNotation.steps(directive.input)
      switch directive.command {
      case "simple": try changer.simple(steps)
      case "enter-joint": try changer.enterJoint(autoLeave: directive.values("autoleave").last == "true", steps)
      default:
        guard steps.isEmpty else { throw ScriptError("this command takes no input") }
        try changer.leaveJoint()
      }
    } catch RaftError.invalidChange(let reason) {
      return ["error": .string(reason)]
    } catch {
      return ["error": .string("\(error)")]
    }
    tracker.adopt(changer)
    return state
  }

  private var state: JSONValue {
    let configuration = tracker.configuration.state.json.filter { member in
      member.value != [] && member.value != false
    }
    let progress = tracker.ids.compactMap { id in tracker[id].map { (id.description, $0.position) } }
    return ["config": .object(configuration), "progress": .object(Dictionary(uniqueKeysWithValues: progress))]
  }
}

extension ConfigurationState {
  var json: [String: JSONValue] {
    func list(_ members: MemberSet) -> JSONValue { .array(members.map { .number($0.rawValue) }) }
    return [
      "voters": list(voters), "votersOutgoing": list(votersOutgoing), "learners": list(learners), "learnersNext": list(learnersNext),
      "autoLeave": .bool(autoLeave),
    ]
  }
}

extension Progress {
  /// Where a member stands, without what changes by the message.
  fileprivate var position: JSONValue {
    var json: [String: JSONValue] = [
      "state": .string(ScriptNotation.name(state)), "match": .number(match), "next": .number(next),
    ]
    if isLearner { json["learner"] = true }
    return .object(json)
  }

  /// Everything a leader knows of a member.
  var json: JSONValue {
    var json = position.object ?? [:]
    json["inflight"] = .number(inflights.count)
    json["paused"] = .bool(isPaused)
    json["recentActive"] = .bool(recentActive)
    if pendingSnapshot > 0 { json["pendingSnapshot"] = .number(pendingSnapshot) }
    return .object(json)
  }
}
