import ClusterModel

/// What decides whether an image runs on a node.
struct NodePlatform: Hashable, CustomStringConvertible {
  let os: String
  let architecture: String

  init(_ node: ClusterNode) { (os, architecture) = (node.description.os, node.description.architecture) }

  var description: String { "\(os)/\(architecture)" }
}
