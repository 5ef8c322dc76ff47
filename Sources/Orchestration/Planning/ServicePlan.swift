package import ClusterModel

/// What has to change in the store to bring one service closer to its spec.
package struct ServicePlan: Equatable {
  /// New and changed tasks.
  package var puts: [ClusterTask] = []
  package var removals: [ClusterTask] = []
  /// With its rollout a step further.
  package var service: ClusterService?
  package var removesService = false
  /// When to look again though nothing happened: a replacement waits for its back-off.
  package var wakeAt: Timestamp?

  package var isEmpty: Bool { puts.isEmpty && removals.isEmpty && service == nil && !removesService }
}
