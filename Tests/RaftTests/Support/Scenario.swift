import Testing

@testable import Raft
@testable import raft_script

/// A cluster driven by the lines of a script, and looked at from a test.
struct Scenario {
  private(set) var session = Session()

  /// Runs the lines; every one of them must be carried out.
  init(_ lines: String..., sourceLocation: SourceLocation = #_sourceLocation) throws {
    for line in lines { try run(line, sourceLocation: sourceLocation) }
  }

  mutating func run(_ lines: String..., sourceLocation: SourceLocation = #_sourceLocation) throws {
    for line in lines {
      let outcome = session.perform(try Directive(line: line))
      try #require(outcome.error == nil, "\(line): \(outcome.error ?? "")", sourceLocation: sourceLocation)
    }
  }

  /// What a line is refused with.
  mutating func refusal(_ line: String) throws -> String? { session.perform(try Directive(line: line)).error }

  subscript(_ id: MemberID) -> RawNode {
    get { session.cluster.members[Int(id.rawValue) - 1].node }
    set { session.cluster.change(id) { $0.node = newValue } }
  }

  func member(_ id: MemberID) -> ScriptMember { session.cluster.members[Int(id.rawValue) - 1] }

  var nodes: [RawNode] { session.cluster.members.map(\.node) }
  var leaders: [MemberID] { nodes.filter(\.isLeader).map(\.id) }
  var messages: [Message] { session.cluster.messages }
  func messages(_ kind: Message.Kind) -> [Message] { messages.filter { $0.kind == kind } }

  /// The commands that a node's state machine has, one after another.
  func applied(_ id: MemberID) -> String { String(decoding: member(id).machine.data, as: UTF8.self) }

  /// What happened in the last line, in words.
  var trace: [String] { session.cluster.trace }

  /// A cluster of three with a leader.
  static func led(_ options: String = "") throws -> Scenario {
    try Scenario("add-nodes 3 voters=(1,2,3) index=10 \(options)", "campaign 1", "stabilize")
  }
}

extension Cluster {
  fileprivate mutating func change(_ id: MemberID, _ body: (inout ScriptMember) -> Void) {
    try? change(id) { (member) throws(RaftError) in body(&member) }
  }
}
