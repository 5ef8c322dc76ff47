import Logging

extension Containers {
  private static let attempts = 10

  /// Ids of the containers that have cgroups, whether there is more of them or not. List the containers after it: a container is recorded
  /// before it has a cgroup.
  package func cgroups() -> Set<String> { ContainerCgroups(namespace: client.namespace).ids() }

  /// Removes the cgroups of a container that is gone; one that another process runs in stays.
  ///
  /// - Returns: whether none is left.
  @discardableResult
  package func removeEmptyCgroups(_ id: String) -> Bool { ContainerCgroups(namespace: client.namespace).remove(id, killing: false) }

  /// Removes the container's cgroups, and kills what no shim looks after any more.
  func deleteCgroups(_ id: String) async throws {
    let cgroups = ContainerCgroups(namespace: client.namespace)
    for attempt in 1...Self.attempts {
      if cgroups.remove(id, killing: true) { return }
      // A killed process leaves its cgroup a moment later.
      try await configuration.clock.sleep(for: .milliseconds(10) * attempt)
    }
    logger.warning("container.cgroup-stays", metadata: ["container": "\(id)"])
  }
}
