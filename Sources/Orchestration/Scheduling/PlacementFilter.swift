import ClusterModel

/// One condition on the node of a task, made ready for one task spec.
protocol PlacementFilter {
  /// Nil when the node passes.
  func check(_ load: NodeLoad) -> Unfit?
}

/// The node is a worker, there, and taking tasks.
struct AvailabilityFilter: PlacementFilter {
  func check(_ load: NodeLoad) -> Unfit? {
    if !load.node.roles.contains(.worker) { return .notWorker }
    if load.node.state != .ready { return .down }
    if !load.node.runtimeProblem.isEmpty { return .runtime(load.node.runtimeProblem) }
    return load.node.availability == .active ? nil : .draining
  }
}

struct ConstraintFilter: PlacementFilter {
  private let constraints: [Result<Constraint, WarrenError>]
  private let texts: [String]

  init(_ placement: Placement) {
    texts = placement.constraints
    constraints = placement.constraints.map { text in
      do throws(WarrenError) { return .success(try Constraint(parsing: text)) } catch { return .failure(error) }
    }
  }

  func check(_ load: NodeLoad) -> Unfit? {
    for (constraint, text) in zip(constraints, texts) {
      guard case .success(let constraint) = constraint else { return .badConstraint(text) }
      if !constraint.matches(load.node) { return .constraint(constraint.description) }
    }
    return nil
  }
}

/// Reservations fit into what the node's tasks leave.
struct ResourceFilter: PlacementFilter {
  let reservations: Resources

  func check(_ load: NodeLoad) -> Unfit? {
    if let free = load.freeMemory, reservations.memoryBytes > free { return .memory(need: reservations.memoryBytes, free: free) }
    if let free = load.freeNanoCPUs, reservations.nanoCPUs > free { return .cpus(need: reservations.nanoCPUs, free: free) }
    return nil
  }
}

/// No task of another service holds a host port that this one publishes.
struct HostPortFilter: PlacementFilter {
  let ports: [PublishedPort]
  /// Nil for a task that shares its ports with nobody.
  let sharedBy: ServiceID?

  init(_ task: ClusterTask) {
    ports = task.spec.ports
    sharedBy = task.spec.network == .bridge ? task.serviceID : nil
  }

  func check(_ load: NodeLoad) -> Unfit? {
    for port in ports {
      if let held = load.ports.first(where: { $0.port.conflicts(with: port) && !isShared($0) }) { return .port(port, holder: held.holder) }
    }
    return nil
  }

  private func isShared(_ held: NodeLoad.HeldPort) -> Bool { sharedBy != nil && held.sharedBy == sharedBy }
}

struct MaxPerNodeFilter: PlacementFilter {
  let service: ServiceID
  let limit: Int

  func check(_ load: NodeLoad) -> Unfit? {
    limit > 0 && load.tasksByService[service, default: 0] >= limit ? .maxPerNode(limit) : nil
  }
}

/// No node of the same platform has found lately that the image is for others.
struct PlatformFilter: PlacementFilter {
  let image: String
  let mismatches: [NodePlatform: Timestamp]

  func check(_ load: NodeLoad) -> Unfit? {
    let platform = NodePlatform(load.node)
    return mismatches[platform] == nil ? nil : .platform(image: image, platform.description)
  }
}
