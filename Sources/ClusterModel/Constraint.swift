/// A condition on the node a task may be placed on: `node.labels.zone==a`, `node.role != manager`.
package struct Constraint: Hashable, Sendable, CustomStringConvertible {
  package enum Key: Hashable, Sendable {
    case id, hostname, role, os, architecture
    case label(String)
  }

  package enum Operator: String, Sendable { case equal = "==", notEqual = "!=" }

  package var key: Key
  package var op: Operator
  package var value: String
  /// As the user wrote it, without blanks around the operator.
  package let description: String

  /// - Throws: `invalidArgument` naming the part that is wrong and what is allowed there.
  package init(parsing text: String) throws(WarrenError) {
    let (left, op, right) = try Self.split(text)
    let key = try Self.key(left, in: text)
    guard !right.isEmpty else { throw Self.invalid(text, "there is nothing after \(op.rawValue)", "name the value, as in node.labels.zone==a") }
    if key == .role, !["manager", "worker"].contains(right.lowercased()) {
      throw Self.invalid(text, "\(right.quoted) is not a role", "use manager or worker")
    }
    self.key = key
    self.op = op
    value = right
    description = left + op.rawValue + right
  }

  /// Whether the node may run the task. A label the node does not have is unequal to every value; a role is equal when it is one of the node's.
  package func matches(_ node: ClusterNode) -> Bool {
    let isEqual =
      switch key {
      case .id: node.id.rawValue == value
      case .hostname: node.description.hostname.lowercased() == value.lowercased()
      case .role: node.roles.contains { "\($0)" == value.lowercased() }
      case .os: node.description.os.lowercased() == value.lowercased()
      case .architecture: Self.normalised(node.description.architecture) == Self.normalised(value)
      case .label(let name): node.labels[name] == value
      }
    return isEqual == (op == .equal)
  }

  private static func split(_ text: String) throws(WarrenError) -> (String, Operator, String) {
    let bytes = Array(text.utf8)
    guard let position = bytes.indices.dropLast().first(where: { "=!<>~".utf8.contains(bytes[$0]) && bytes[$0 + 1] == UInt8(ascii: "=") }),
      let op = Operator(rawValue: String(decoding: bytes[position...position + 1], as: UTF8.self))
    else {
      throw invalid(text, "it has no operator == or !=", "write it as node.labels.zone==a or node.role!=manager")
    }
    let left = String(decoding: bytes[..<position], as: UTF8.self).trimmedBlanks
    let right = String(decoding: bytes[(position + 2)...], as: UTF8.self).trimmedBlanks
    return (left, op, right)
  }

  private static func key(_ text: String, in constraint: String) throws(WarrenError) -> Key {
    let labelPrefix = "node.labels."
    if text.hasPrefix(labelPrefix), text.utf8.count > labelPrefix.utf8.count { return .label(String(text.dropFirst(labelPrefix.count))) }
    switch text {
    case "node.id": return .id
    case "node.hostname": return .hostname
    case "node.role": return .role
    case "node.platform.os": return .os
    case "node.platform.arch": return .architecture
    default:
      throw invalid(
        constraint, "\(text.quoted) is not something a node can be chosen by",
        "use node.id, node.hostname, node.role, node.platform.os, node.platform.arch or node.labels.NAME")
    }
  }

  /// What `uname -m` calls a machine is taken for what OCI calls it.
  private static func normalised(_ architecture: String) -> String {
    switch architecture.lowercased() {
    case "x86_64", "x86-64": "amd64"
    case "aarch64": "arm64"
    case let other: other
    }
  }

  private static func invalid(_ text: String, _ why: String, _ remedy: String) -> WarrenError {
    WarrenError(.invalidArgument, "constraint \(text.quoted) is not valid; \(why); \(remedy)")
  }
}
