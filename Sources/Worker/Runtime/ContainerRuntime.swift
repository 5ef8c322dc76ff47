package import ClusterModel

/// What the agent needs of a container engine and a network: implemented by `ContainerdRuntime`, and by a fake one in tests.
///
/// A container belongs to one attempt of one task. Every call may be repeated, and may be interrupted at any point by a crash:
/// `remove` and `sweep` find whatever was left.
package protocol ContainerRuntime: Sendable {
  /// `containerd 1.6.20`. Throws when it does not answer within `limit`.
  func version(within limit: Duration) async throws -> String
  /// Whether an error means that the engine could not be reached, so that no container is to blame for it.
  func isAbsence(_ error: any Error) -> Bool
  /// Whether it failed because the container cannot run on this node, however often it is tried; another node may.
  func isUnsuitable(_ error: any Error) -> Bool
  /// Makes the container with its network and files; its process waits. An image that is not on the node is fetched first; callers that
  /// want the same one share its download.
  func create(_ container: TaskContainer, progress: @escaping @Sendable (String) -> Void) async throws -> CreatedContainer
  /// Lets the process run and, if it is to be published at once, leads its ports to it. Returns the process's pid.
  func start(_ container: TaskContainer, address: String, isPublished: Bool) async throws -> Int
  /// Leads the published ports to a running container, or no longer.
  func publish(_ container: TaskContainer, _ isPublished: Bool) async throws
  /// Asks a running container how it is.
  /// - Throws: when it could not be asked, which says nothing about it.
  func probe(_ container: TaskContainer, _ check: HealthCheck) async throws -> ProbeOutcome
  /// Returns when the process has ended, also across restarts of the engine.
  /// - Throws: `WarrenError(.notFound)` when the container is gone and its exit code with it.
  func exit(of container: TaskContainer) async throws -> ExitStatus
  /// Takes the task out of its published ports, sends the stop signal, waits for the grace, then kills. Returns how it ended, if it ran.
  func stop(_ container: TaskContainer) async throws -> ExitStatus?
  /// Removes container, snapshot, network and files; fine when part or all of it is gone.
  func remove(_ containerID: String) async throws
  /// Removes what is kept for a task across its attempts: its logs.
  func forget(_ task: TaskID) async throws
  /// The end of the task's log, for people: at most `ExitStatus.mostLastLines`, each at most `ExitStatus.longestLastLine` bytes.
  func lastLines(of task: TaskID) async -> [String]
  /// Everything of this node that exists in the engine.
  func containers() async throws -> [RuntimeContainer]
  /// Leads the published ports to these containers, as far as they run, and to nothing else. For the start of a worker.
  func restore(_ containers: [TaskContainer]) async throws
  /// Removes everything of this node that nobody wants. What cannot be removed now is met again by the next call.
  ///
  /// - Parameter wanted: asked after everything there is was listed, so that what is made meanwhile is not taken for a leftover.
  func sweep(_ wanted: @Sendable () async -> WantedContainers) async throws
  /// One element each time the engine is back after it was away.
  func reconnections() -> AsyncStream<Void>
}

/// What is known of a container once it is made.
package struct CreatedContainer: Sendable, Hashable {
  /// On the bridge; empty with the node's network.
  package var address: String
  /// What its image asks for.
  package var imageCheck: HealthCheck?

  package init(address: String, imageCheck: HealthCheck? = nil) {
    self.address = address
    self.imageCheck = imageCheck
  }
}

/// One attempt of a task, which is one container.
package struct TaskContainer: Sendable, Hashable {
  package var task: ClusterTask
  package var attempt: Int

  package init(task: ClusterTask, attempt: Int) {
    self.task = task
    self.attempt = attempt
  }

  package var id: String { "\(task.id)-\(attempt)" }
}

/// What a sweep leaves alone.
package struct WantedContainers: Sendable, Hashable {
  package var containers: Set<String>
  /// Whose logs are kept.
  package var tasks: Set<TaskID>

  package init(containers: Set<String>, tasks: Set<TaskID>) {
    self.containers = containers
    self.tasks = tasks
  }
}

/// A container as the engine knows it.
package struct RuntimeContainer: Sendable, Hashable {
  package enum State: Sendable, Hashable {
    /// Made, or half made, but never started.
    case created
    case running(pid: Int, address: String)
    case exited(ExitStatus)
    /// It may have run; how it ended is not known (the machine went down).
    case lost
  }

  package var id: String
  package var state: State
  /// What it was made for, as it was when it was made; nil when the container does not tell.
  package var origin: TaskContainer?

  package init(id: String, state: State, origin: TaskContainer? = nil) {
    self.id = id
    self.state = state
    self.origin = origin
  }
}
