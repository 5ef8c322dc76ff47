import ClusterModel

/// What becomes of the stored node when its worker comes or goes. Pure; the caller stores only what differs, so that a worker that
/// reconnects to an idle cluster writes nothing.
enum NodeRegistration {
  /// The node as it is to be stored after its worker announced it.
  ///
  /// Whether a node is a manager was decided when it joined, or by people: its worker's word does not change it. Availability belongs to people
  /// and is kept, as are labels they set; a worker's own labels win over stored ones of the same name.
  static func arrived(_ announced: ClusterNode, stored: ClusterNode?) -> ClusterNode {
    var node = stored ?? announced
    node.roles = stored.map { announced.roles.subtracting([.manager]).union($0.roles.intersection([.manager])) } ?? announced.roles
    node.labels.merge(announced.labels) { _, new in new }
    node.description = announced.description
    if !announced.apiAddress.isEmpty { node.apiAddress = announced.apiAddress }
    if !announced.raftAddress.isEmpty { node.raftAddress = announced.raftAddress }
    node.runtimeProblem = announced.runtimeProblem
    node.state = .ready
    node.message = ""
    return node
  }

  static func wentAway(_ stored: ClusterNode, silentFor grace: Duration) -> ClusterNode {
    var node = stored
    node.state = .down
    node.message = "its worker has not been heard from for \(grace.components.seconds) s"
    return node
  }
}
