import ClusterModel
import Testing

@Suite struct NodeValidationTests {
  private static func node(_ id: NodeID) -> ClusterNode {
    ClusterNode(id: id, roles: [.worker], description: NodeDescription(hostname: "host"))
  }

  @Test(arguments: ["n1", "edge-1.example.com", "Raspi_4", "1"])
  func accepts(_ id: String) throws { try Self.node(NodeID(id)).validate() }

  @Test(arguments: [
    ("", "it is empty"), ("a b", "it contains \" \""), ("..x", "does not begin"), ("a/b", "it contains \"/\""), ("-a", "does not begin"),
    (String(repeating: "a", count: 254), "it has 254 characters"),
  ])
  func refuses(_ id: String, _ why: String) {
    let error = #expect(throws: WarrenError.self) { try Self.node(NodeID(id)).validate() }
    #expect(error?.code == .invalidArgument)
    #expect(error?.message.contains(why) == true, "\(error?.message ?? "")")
  }

  @Test func refusesLabelsAndRoles() {
    var node = Self.node("n1")
    node.labels = ["a b": "c"]
    #expect(throws: WarrenError.self) { try node.validate() }
    node.labels = [:]
    node.roles = []
    #expect(throws: WarrenError.self) { try node.validate() }
  }
}
