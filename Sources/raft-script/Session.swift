import Raft

/// One scenario: a cluster, and the arithmetic of majorities and memberships beside it.
package struct Session: Sendable {
  var cluster = Cluster()
  private var membership = MembershipCommands()

  package init() {}

  /// What a directive led to, apart from the state of the nodes.
  package struct Outcome: Sendable, Equatable {
    /// The answer of a directive of arithmetic.
    package var result: JSONValue?
    /// Why the directive, or a part of it, was refused.
    package var error: String?
  }

  /// Carries out one directive. What is wrong with it is told in the outcome; what had happened before stays.
  package mutating func perform(_ directive: Directive) -> Outcome {
    cluster.trace.removeAll()
    do throws(ScriptError) {
      switch directive.command {
      case "reset":
        self = Session()
        return Outcome()
      case "committed":
        return Outcome(result: try MajorityCommands(directive).committed())
      case "vote":
        return Outcome(result: try MajorityCommands(directive).vote())
      case "simple", "enter-joint", "leave-joint":
        let result = membership.perform(directive)
        return Outcome(result: result, error: result["error"]?.string)
      default:
        try cluster.perform(directive)
        return Outcome()
      }
    } catch {
      return Outcome(error: error.description)
    }
  }

  /// The state of every node, by id.
  package var nodes: JSONValue {
    .object(Dictionary(uniqueKeysWithValues: cluster.members.map { ($0.id.description, $0.state) }))
  }

  /// The messages under way, in the order they were sent.
  package var inflight: JSONValue {
    .array(cluster.messages.map(\.json))
  }

  /// The ids of the nodes with something to do.
  package var readyNodes: JSONValue {
    .array(cluster.members.filter { $0.node.hasReady }.map { .number($0.id.rawValue) })
  }
}
