package import ClusterModel

/// Changes to the store being decided on: reads see what was put before. A value: a copy from before undoes what came after it.
package protocol ReconcilerTransaction {
  associatedtype Nodes: Sequence<ClusterNode>
  associatedtype Tasks: Sequence<ClusterTask>

  var nodes: Nodes { get }
  var tasks: Tasks { get }
  func service(_ id: ServiceID) -> ClusterService?
  func tasks(ofService id: ServiceID) -> [ClusterTask]
  /// Whether all is up that has to be before the service gets its first tasks.
  func mayStart(_ service: ClusterService) -> Bool

  mutating func put(_ service: ClusterService) throws
  mutating func put(_ task: ClusterTask) throws
  mutating func remove(_ service: ClusterService) throws
  mutating func remove(_ task: ClusterTask) throws
  /// The transaction becomes void when the service changes meanwhile.
  mutating func check(_ service: ClusterService) throws
}
