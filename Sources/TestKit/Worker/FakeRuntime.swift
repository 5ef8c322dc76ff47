package import ClusterModel
package import Worker

/// One life's way to a `FakeEngine`.
package struct FakeRuntime: ContainerRuntime {
  let engine: FakeEngine
  let life: Int

  package func version(within limit: Duration) async throws -> String { try await engine.version(life) }

  package func isAbsence(_ error: any Error) -> Bool { (error as? WarrenError)?.code == .unavailable }
  package func isUnsuitable(_ error: any Error) -> Bool { false }

  package func create(_ container: TaskContainer, progress: @escaping @Sendable (String) -> Void) async throws -> CreatedContainer {
    let image = container.task.spec.container.image
    progress("pulling \(image)")
    try await engine.fetchImage(image, life)
    return CreatedContainer(address: try await engine.create(container, life), imageCheck: await engine.imageChecks[image])
  }

  package func start(_ container: TaskContainer, address: String, isPublished: Bool) async throws -> Int {
    let pid = try await engine.start(container, address: address, life)
    if isPublished { try await engine.publish(container.id, true, life) }
    return pid
  }
  package func publish(_ container: TaskContainer, _ isPublished: Bool) async throws { try await engine.publish(container.id, isPublished, life) }
  package func probe(_ container: TaskContainer, _ check: HealthCheck) async throws -> ProbeOutcome { try await engine.probe(container, check, life) }
  package func exit(of container: TaskContainer) async throws -> ExitStatus { try await engine.exit(of: container.id, life) }
  package func stop(_ container: TaskContainer) async throws -> ExitStatus? { try await engine.stop(container, life) }
  package func remove(_ containerID: String) async throws { try await engine.remove(containerID, life) }
  package func forget(_ task: TaskID) async throws { try await engine.forget(task, life) }
  package func lastLines(of task: TaskID) async -> [String] { engine.lastLines }
  package func containers() async throws -> [RuntimeContainer] { try await engine.list(life) }

  package func restore(_ containers: [TaskContainer]) async throws { try await engine.restore(containers, life) }
  package func sweep(_ wanted: @Sendable () async -> WantedContainers) async throws { try await engine.sweep(wanted, life) }
  package func reconnections() -> AsyncStream<Void> { engine.reconnections.stream() }
}
