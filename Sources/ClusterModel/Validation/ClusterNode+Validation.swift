extension ClusterNode {
  /// Checks what a node says of itself before it is stored.
  /// - Throws: `invalidArgument` naming the value that is wrong.
  package func validate() throws(WarrenError) {
    try Self.validate(id: id)
    try LabelRules.validate(labels, of: "node")
    if roles.isEmpty { throw .invalid("node \(id) has no role", "it is neither manager nor worker", "start it as one of them") }
  }

  /// A node id is a host name, or like one: it appears in lists, file names and container labels.
  package static func validate(id: NodeID) throws(WarrenError) {
    let text = id.rawValue
    let what = "node id \(text.quoted) is not valid"
    let remedy = "use 1 to 253 letters, digits, dots, hyphens and underscores, beginning with a letter or digit (--node-id)"
    if text.isEmpty { throw .invalid(what, "it is empty", remedy) }
    if text.utf8.count > 253 { throw .invalid(what, "it has \(text.utf8.count) characters", remedy) }
    if let bad = text.unicodeScalars.first(where: { !($0.isASCIIAlphanumeric || "._-".unicodeScalars.contains($0)) }) {
      throw .invalid(what, "it contains \(String(bad).quoted)", remedy)
    }
    if text.unicodeScalars.first?.isASCIIAlphanumeric != true { throw .invalid(what, "it does not begin with a letter or digit", remedy) }
  }
}
