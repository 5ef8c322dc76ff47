import Raft

/// `committed` and `vote`: the arithmetic of majorities, without a cluster.
struct MajorityCommands {
  private let quorum: JointQuorum
  /// What is given for each voter, in the order of their first appearance; absent where nothing was heard.
  private var given: [MemberID: String] = [:]

  init(_ directive: Directive) throws(ScriptError) {
    let incoming = try ScriptNotation.members(directive.values("cfg"))
    let outgoing = try ScriptNotation.members(directive.values("cfgj").filter { $0 != "zero" })
    quorum = JointQuorum(incoming: MemberSet(incoming), outgoing: MemberSet(outgoing))
    let values = directive.values("idx") + directive.values("votes")
    var order: [MemberID] = []
    for member in incoming + outgoing where !order.contains(member) { order.append(member) }
    guard values.count == order.count else { throw ScriptError("\(order.count) voters, but \(values.count) values") }
    for (member, value) in zip(order, values) where value != "_" { given[member] = value }
  }

  func committed() throws(ScriptError) -> JSONValue {
    var acknowledged: [MemberID: LogIndex] = [:]
    for (member, text) in given { acknowledged[member] = try ScriptNotation.index(text) }
    let index = quorum.committedIndex { acknowledged[$0] ?? 0 }
    return ["index": index == .max ? .null : .number(index)]
  }

  func vote() throws(ScriptError) -> JSONValue {
    guard given.values.allSatisfy({ $0 == "y" || $0 == "n" }) else { throw ScriptError("a vote is y, n or _") }
    let result: JSONValue =
      switch quorum.result(vote: { given[$0].map { $0 == "y" } }) {
      case .won: "VoteWon"
      case .pending: "VotePending"
      case .lost: "VoteLost"
      }
    return ["result": result]
  }
}
