/// The conformance door: a directive a line in, the state of all nodes a line out.
package struct JSONDoor: Sendable {
  package private(set) var session = Session()

  package init() {}

  package mutating func answer(_ line: String) -> JSONValue {
    let outcome: Session.Outcome
    do {
      outcome = session.perform(try Directive(json: try JSONReader.read(line)))
    } catch {
      outcome = Session.Outcome(error: "\(error)")
    }
    var members: [String: JSONValue] = ["nodes": session.nodes, "error": outcome.error.map(JSONValue.string) ?? .null]
    members["expect"] = outcome.result
    return .object(members)
  }
}
