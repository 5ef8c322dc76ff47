package import ClusterModel

/// The nodes as the orchestrators see them.
package struct NodeDirectory {
  let nodes: [NodeID: ClusterNode]

  package init(_ nodes: some Sequence<ClusterNode>) {
    self.nodes = Dictionary(nodes.map { ($0.id, $0) }) { first, _ in first }
  }

  subscript(id: NodeID) -> ClusterNode? { nodes[id] }

  func isUp(_ id: NodeID) -> Bool { nodes[id]?.state == .ready }
}

/// Which nodes a service's tasks may be on.
struct PlacementRules {
  /// Nil when a stored constraint cannot be understood: no node satisfies it then.
  private let constraints: [Constraint]?

  init(_ placement: Placement) {
    constraints = try? placement.constraints.map { try Constraint(parsing: $0) }
  }

  /// Whether a task may be, or stay, on the node; a node that is merely down still counts.
  func allow(_ node: ClusterNode) -> Bool { node.availability == .active && match(node) }

  /// Whether nothing but a drain speaks against the node.
  func match(_ node: ClusterNode) -> Bool {
    node.roles.contains(.worker) && (constraints?.allSatisfy { $0.matches(node) } ?? false)
  }
}
