import Raft

/// How scripts write numbers of members, changes of the membership, kinds of messages and entries.
enum ScriptNotation {
  static func member(_ text: String) throws(ScriptError) -> MemberID {
    guard let number = UInt64(text), number != 0 else { throw ScriptError("\(text) is no node") }
    return MemberID(rawValue: number)
  }

  static func members(_ texts: [String]) throws(ScriptError) -> [MemberID] {
    var members: [MemberID] = []
    for text in texts { members.append(try member(text)) }
    return members
  }

  static func index(_ text: String) throws(ScriptError) -> LogIndex {
    guard let index = LogIndex(text) else { throw ScriptError("\(text) is no index") }
    return index
  }

  /// A small number that is not negative: of nodes, ticks, messages or bytes.
  static func count(_ text: String) throws(ScriptError) -> Int {
    guard let count = Int(text), count >= 0 else { throw ScriptError("\(text) is no number") }
    return count
  }

  static func flag(_ text: String) throws(ScriptError) -> Bool {
    guard let flag = ["true": true, "false": false][text] else { throw ScriptError("\(text) is neither true nor false") }
    return flag
  }

  /// `v1 l2 r3 u4` makes 1 a voter and 2 a learner, removes 3 and updates 4.
  static func steps(_ text: String) throws(ScriptError) -> [ConfigurationChange.Step] {
    var steps: [ConfigurationChange.Step] = []
    for word in text.split(separator: " ") {
      guard let kind = letters.first(where: { $0.letter == word.first })?.kind, let number = UInt64(word.dropFirst()) else {
        throw ScriptError("\(word) is no change: v1, l1, r1 or u1 is one")
      }
      steps.append(ConfigurationChange.Step(kind, MemberID(rawValue: number)))
    }
    return steps
  }

  static func text(_ steps: [ConfigurationChange.Step]) -> String {
    steps.map { step in "\(letters.first { $0.kind == step.kind }?.letter ?? "?")\(step.member)" }.joined(separator: " ")
  }

  private static let letters: [(letter: Character, kind: ConfigurationChange.Step.Kind)] = [
    ("v", .addVoter), ("l", .addLearner), ("r", .remove), ("u", .update),
  ]

  /// The names of messages in etcd-io/raft.
  static func name(_ kind: Message.Kind) -> String {
    switch kind {
    case .propose: "MsgProp"
    case .append: "MsgApp"
    case .appendResponse: "MsgAppResp"
    case .vote: "MsgVote"
    case .voteResponse: "MsgVoteResp"
    case .preVote: "MsgPreVote"
    case .preVoteResponse: "MsgPreVoteResp"
    case .heartbeat: "MsgHeartbeat"
    case .heartbeatResponse: "MsgHeartbeatResp"
    case .snapshot: "MsgSnap"
    case .transferLeader: "MsgTransferLeader"
    case .timeoutNow: "MsgTimeoutNow"
    case .readIndex: "MsgReadIndex"
    case .readIndexResponse: "MsgReadIndexResp"
    case .storageAppendResponse: "MsgStorageAppendResp"
    case .storageApplyResponse: "MsgStorageApplyResp"
    }
  }

  static func kind(_ name: String) throws(ScriptError) -> Message.Kind {
    guard let kind = Message.Kind.allCases.first(where: { Self.name($0) == name }) else { throw ScriptError("unknown message type \(name)") }
    return kind
  }

  static func name(_ role: Role) -> String {
    switch role {
    case .follower: "Follower"
    case .preCandidate: "PreCandidate"
    case .candidate: "Candidate"
    case .leader: "Leader"
    }
  }

  static func name(_ state: Progress.State) -> String {
    switch state {
    case .probe: "Probe"
    case .replicate: "Replicate"
    case .snapshot: "Snapshot"
    }
  }
}
