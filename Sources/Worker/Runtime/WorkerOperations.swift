package import ClusterModel
import Containerd

/// What a manager may ask of this node beyond assignments.
package struct WorkerOperations: NodeOperations {
  private let agent: Agent
  private let runtime: ContainerdRuntime

  package init(agent: Agent, runtime: ContainerdRuntime) {
    self.agent = agent
    self.runtime = runtime
  }

  package func logs(of task: TaskID, _ query: LogQuery) async throws -> AsyncThrowingStream<LogLine, any Error> {
    guard await agent.has(task) else { throw await agent.missing(task) }
    return LogReader(directory: runtime.logDirectory(task)).lines(query) { [agent] in
      guard let container = try? await agent.container(of: task) else { return true }
      return container.state.isTerminal
    }
  }

  package func exec(
    in task: TaskID, _ command: ExecCommand, input: AsyncStream<ExecInput>
  ) async throws -> AsyncThrowingStream<ExecOutput, any Error> {
    let container = try await agent.container(of: task)
    guard container.state == .running else {
      throw WarrenError(.failedPrecondition, "Task \(task) is not running (it is \(container.state)); see 'warren task inspect \(task)'")
    }
    // Told at once, not after the time that starting a command may take.
    _ = try await runtime.version(within: .seconds(5))
    return try await runtime.containerStore.exec(in: container.id, command, input: input)
  }

  package func listImages() async throws -> [NodeImage] {
    try await runtime.client.whileAnswering { try await runtime.images.list(inUse: try await imagesInUse()) }
  }

  package func loadImages(_ archive: AsyncThrowingStream<[UInt8], any Error>) async throws -> [NodeImage] {
    try await runtime.client.whileAnswering { try await runtime.images.load(archive) }
  }

  package func pullImage(_ reference: String) async throws -> AsyncThrowingStream<PullProgress, any Error> {
    let (stream, continuation) = AsyncThrowingStream<PullProgress, any Error>.makeStream(bufferingPolicy: .bufferingNewest(64))
    let pull = Task {
      do {
        let image = try await runtime.client.whileAnswering {
          try await runtime.images.pull(reference) { continuation.yield($0) }
        }
        let listed = try await listImages().first { $0.reference == image.reference }
        continuation.yield(PullProgress(message: "pulled \(image.reference)", image: listed))
        continuation.finish()
      } catch {
        continuation.finish(throwing: error)
      }
    }
    continuation.onTermination = { _ in pull.cancel() }
    return stream
  }

  package func pruneImages() async throws -> (references: [String], freedBytes: Int64) {
    try await runtime.client.whileAnswering { try await runtime.images.prune(inUse: try await imagesInUse()) }
  }

  /// Of every container in the containerd namespace, also another cluster's, and of every task that is about to have one.
  private func imagesInUse() async throws -> Set<String> {
    Set(try await runtime.containerStore.list().map(\.image)).union(await agent.images)
  }
}
