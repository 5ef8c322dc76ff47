import ClusterModel

/// What has to change in the store to bring one service closer to its spec.
struct ServicePlan: Equatable {
  /// New and changed tasks.
  var puts: [ClusterTask] = []
  var removals: [ClusterTask] = []
  /// With its rollout a step further.
  var service: ClusterService?
  var removesService = false
  /// When to look again though nothing happened: a replacement waits for its back-off.
  var wakeAt: Timestamp?

  var isEmpty: Bool { puts.isEmpty && removals.isEmpty && service == nil && !removesService }
}
