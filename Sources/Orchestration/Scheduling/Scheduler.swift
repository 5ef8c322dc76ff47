package import ClusterModel

/// Places pending tasks: on the nodes that pass every filter, the one with the fewest tasks of the service, then the fewest tasks; nodes on
/// which tasks failed lately come last.
package enum Scheduler {
  /// One pass over all tasks of the cluster. Returns the tasks that changed: placed ones, and ones whose reason for waiting changed.
  package static func schedule(_ tasks: some Sequence<ClusterTask>, nodes: some Sequence<ClusterNode>, now: Timestamp) -> [ClusterTask] {
    placement(of: tasks, nodes: nodes, now: now).changed
  }

  /// - Returns: with the tasks, when to try again though nothing happens: a platform is given another chance then.
  package static func placement(
    of tasks: some Sequence<ClusterTask>, nodes: some Sequence<ClusterNode>, now: Timestamp
  ) -> (changed: [ClusterTask], tryAgainAt: Timestamp?) {
    var load = ClusterLoad(nodes: nodes)
    var pending: [ClusterTask] = []
    for task in tasks {
      if task.status.state != .pending { load.add(task, now: now) } else if task.desiredState == .running { pending.append(task) }
    }
    var changed: [ClusterTask] = []
    var tryAgainAt: Timestamp?
    for task in pending.sorted(by: isEarlier) {
      let next = place(task, on: &load, now: now)
      if next != task { changed.append(next) }
      if next.status.state == .pending, let since = load.mismatches(of: task).values.min() {
        let due = since + ClusterLoad.failureMemory
        tryAgainAt = min(tryAgainAt ?? due, due)
      }
    }
    return (changed, tryAgainAt)
  }

  private static func place(_ task: ClusterTask, on load: inout ClusterLoad, now: Timestamp) -> ClusterTask {
    let filters = filters(for: task, load)
    // A global service's task has its node already.
    let candidates = task.nodeID.map { load.position(of: $0).map { [$0] } ?? [] } ?? Array(load.nodes.indices)
    var best: Int?
    var reasons: [Unfit] = []
    for position in candidates {
      let node = load.nodes[position]
      if let reason = filters.lazy.compactMap({ $0.check(node) }).first {
        reasons.append(reason)
      } else if best.map({ preference(node, task) < preference(load.nodes[$0], task) }) ?? true {
        best = position
      }
    }
    var task = task
    if let best {
      task.nodeID = load.nodes[best].node.id
      task.status = TaskStatus(state: .assigned, since: now)
      load.place(task, at: best)
    } else {
      task.status.message = Unfit.explain(reasons)
    }
    return task
  }

  private static func filters(for task: ClusterTask, _ load: ClusterLoad) -> [any PlacementFilter] {
    var filters: [any PlacementFilter] = [AvailabilityFilter()]
    let spec = task.spec
    if !spec.placement.constraints.isEmpty { filters.append(ConstraintFilter(spec.placement)) }
    if spec.reservations != Resources() { filters.append(ResourceFilter(reservations: spec.reservations)) }
    if !spec.ports.isEmpty { filters.append(HostPortFilter(task)) }
    if spec.placement.maxPerNode > 0 { filters.append(MaxPerNodeFilter(service: task.serviceID, limit: spec.placement.maxPerNode)) }
    let mismatches = load.mismatches(of: task)
    if !mismatches.isEmpty { filters.append(PlatformFilter(image: spec.container.image, mismatches: mismatches)) }
    return filters
  }

  /// Less is better; among equals the first by id wins.
  private static func preference(_ load: NodeLoad, _ task: ClusterTask) -> (Int, Int, Int) {
    (load.isFailing ? 1 : 0, load.tasksByService[task.serviceID, default: 0], load.taskCount)
  }

  /// First come, first served.
  private static func isEarlier(_ left: ClusterTask, _ right: ClusterTask) -> Bool {
    (left.meta.createdAt, left.serviceName, left.slot, left.id) < (right.meta.createdAt, right.serviceName, right.slot, right.id)
  }
}
