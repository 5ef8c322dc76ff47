import SwiftProtobuf

/// One object for people: the few facts one looks for first, then all of it.
enum Details {
  static func text(_ message: some Message, head: [(String, String)]) throws -> String {
    let width = head.map(\.0.count).max() ?? 0
    let facts = head.filter { !$0.1.isEmpty }.map { name, value in
      "\(name):\(String(repeating: " ", count: width - name.count + 2))\(TextTable.singleLine(value))\n"
    }
    return facts.joined() + "\n" + (try Output.yaml(try Output.json(message)))
  }
}
