import ClusterModel
import Testing

@Suite struct ConstraintTests {
  private static let node: ClusterNode = {
    let description = NodeDescription(hostname: "Edge-1", os: "linux", architecture: "amd64")
    var node = ClusterNode(id: "n1", roles: [.manager, .worker], description: description)
    node.labels = ["zone": "a", "x=y": "z"]
    return node
  }()

  @Test(arguments: [
    ("node.id==n1", true), ("node.id==N1", false), ("node.id!=n2", true),
    ("node.hostname==edge-1", true), ("node.hostname!=edge-1", false),
    ("node.role==manager", true), ("node.role==worker", true), ("node.role!=worker", false), ("node.role == Worker", true),
    ("node.platform.os==linux", true), ("node.platform.arch==amd64", true), ("node.platform.arch==x86_64", true),
    ("node.platform.arch!=arm64", true), ("node.platform.arch==aarch64", false),
    ("node.labels.zone==a", true), ("node.labels.zone == a", true), ("node.labels.zone==A", false), ("node.labels.zone!=b", true),
    ("node.labels.none==a", false), ("node.labels.none!=a", true), ("node.labels.zone==a==b", false),
  ])
  func matches(_ text: String, _ expected: Bool) throws {
    #expect(try Constraint(parsing: text).matches(Self.node) == expected)
  }

  @Test func writesItselfWithoutBlanks() throws {
    #expect(try Constraint(parsing: " node.labels.zone ==  a ").description == "node.labels.zone==a")
  }

  @Test(arguments: [
    ("", "it has no operator"), ("node.labels.zone", "it has no operator"), ("node.labels.zone=a", "it has no operator"),
    ("node.labels.zone<=a", "it has no operator"), ("node.labels.zone=~a", "it has no operator"),
    ("node.labels.zone==", "there is nothing after =="), ("node.labels.==a", "\"node.labels.\" is not something"),
    ("zone==a", "\"zone\" is not something a node can be chosen by"), ("node.Role==worker", "\"node.Role\" is not something"),
    ("node.role==master", "\"master\" is not a role"), ("==a", "\"\" is not something"),
  ])
  func refuses(_ text: String, _ why: String) {
    let error = #expect(throws: WarrenError.self) { try Constraint(parsing: text) }
    #expect(error?.code == .invalidArgument)
    #expect(error?.message.contains(why) == true, "\(error?.message ?? "")")
    #expect(error?.message.hasPrefix("constraint \(text.quoted) is not valid; ") == true)
  }
}
