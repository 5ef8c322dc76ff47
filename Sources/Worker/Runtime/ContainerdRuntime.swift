package import ClusterModel
package import Containerd
import Foundation
package import HostNetwork
package import Logging
import OCI
import SwiftProtobuf
import WarrenAPI

/// Runs tasks on containerd, with the node's network around them.
package struct ContainerdRuntime: ContainerRuntime {
  package struct Configuration: Sendable {
    package var cluster: ClusterID
    package var node: NodeID
    /// For each task's log files, and for the files mounted into it.
    package var dataDirectory: String
    /// How many containers are made at the same time; more only wait for one another's disk and processor.
    package var parallelCreations = 8

    package init(cluster: ClusterID, node: NodeID, dataDirectory: String) {
      self.cluster = cluster
      self.node = node
      self.dataDirectory = dataDirectory
    }
  }

  let configuration: Configuration
  let client: ContainerdClient
  let containerStore: Containers
  let images: ImageStore
  let network: NodeNetwork
  let logger: Logger
  private let creations: CreationGate

  package init(
    configuration: Configuration, client: ContainerdClient, containers: Containers, images: ImageStore, network: NodeNetwork, logger: Logger
  ) {
    self.configuration = configuration
    self.client = client
    containerStore = containers
    self.images = images
    self.network = network
    self.logger = logger
    creations = CreationGate(limit: configuration.parallelCreations)
  }

  package func version(within limit: Duration) async throws -> String {
    do { return "containerd \(try await client.version(timeout: limit))" } catch  where isAbsence(error) {
      throw WarrenError(.unavailable, "containerd at \(client.socketPath) does not answer; see: warren doctor", cause: (error as? WarrenError)?.cause)
    }
  }

  package func isAbsence(_ error: any Error) -> Bool { (error as? WarrenError)?.cause is ContainerdUnreachable }
  package func isUnsuitable(_ error: any Error) -> Bool { (error as? WarrenError)?.cause is PlatformMismatch }

  package func logDirectory(_ task: TaskID) -> String { "\(configuration.dataDirectory)/logs/\(task)" }
  func filesDirectory(_ container: String) -> String { "\(configuration.dataDirectory)/tasks/\(container)" }

  package func create(_ container: TaskContainer, progress: @escaping @Sendable (String) -> Void) async throws -> CreatedContainer {
    let spec = container.task.spec
    let image = try await images.ensure(spec.container.image) { _ in progress("pulling \(spec.container.image)") }
    try await creations.enter()
    defer { creations.leave() }
    try HostPorts.check(spec.ports)
    let recipe = try recipe(container, image)
    let files = filesDirectory(container.id)
    if spec.network == .host {
      try HostFiles(hostname: recipe.hostname, address: nil, resolver: HostFiles.nodeResolver()).write(to: files)
      try await containerStore.create(recipe)
      return CreatedContainer(address: "", imageCheck: image.healthCheck)
    }
    let resolver = network.resolver(for: container.id)
    // Only the namespace and the files must exist before the process is made; its address may follow while runc works.
    async let namespace = network.makeNamespace(container.id)
    async let prepared = containerStore.prepare(recipe)
    try HostFiles(hostname: recipe.hostname, address: nil, resolver: resolver).write(to: files)
    logger.trace("container.files-made", metadata: ["container": "\(container.id)"])
    _ = try await namespace
    async let connected = network.connect(container.id)
    try await containerStore.createTask(try await prepared)
    let address = try await connected
    logger.trace("container.made", metadata: ["container": "\(container.id)"])
    try HostFiles(hostname: recipe.hostname, address: address, resolver: resolver).writeHosts(to: files)
    return CreatedContainer(address: address, imageCheck: image.healthCheck)
  }

  private func recipe(_ container: TaskContainer, _ image: PreparedImage) throws -> ContainerRecipe {
    let task = container.task
    let hostname =
      task.spec.container.hostname.isEmpty
      ? "\(task.serviceName)-\(task.slot > 0 ? String(task.slot) : configuration.node.rawValue)" : task.spec.container.hostname
    var recipe = ContainerRecipe(
      id: container.id, image: image, spec: task.spec.container, hostname: hostname,
      network: task.spec.network == .host ? .host : .namespace(path: network.namespacePath(container.id)), logDirectory: logDirectory(task.id))
    recipe.limits = task.spec.limits
    recipe.reservations = task.spec.reservations
    recipe.pidsLimit = task.spec.pidsLimit
    let files = filesDirectory(container.id)
    recipe.hostsFile = "\(files)/hosts"
    recipe.hostnameFile = "\(files)/hostname"
    recipe.resolvConfFile = "\(files)/resolv.conf"
    recipe.labels = [
      Label.cluster: configuration.cluster.rawValue, Label.node: configuration.node.rawValue, Label.service: task.serviceName,
      Label.task: task.id.rawValue, Label.slot: String(task.slot), Label.attempt: String(container.attempt),
    ]
    var memo = task
    memo.status.imageCheck = image.healthCheck
    recipe.memo = try memo.wire.serializedBytes()
    return recipe
  }

  package func start(_ container: TaskContainer, address: String, isPublished isToBePublished: Bool) async throws -> Int {
    guard isToBePublished else { return try await containerStore.start(container.id) }
    let ports = container.task.spec.ports
    // A port that no task serves yet refuses connections one way or the other. One that is served is not led to a process that does
    // not run yet.
    async let isPublished = network.publishFirst(container.id, address: address, ports: ports)
    let pid = try await containerStore.start(container.id)
    if try await !isPublished { try await network.publish(container.id, address: address, ports: ports) }
    return pid
  }

  package func exit(of container: TaskContainer) async throws -> ExitStatus { try await containerStore.wait(container.id) }

  package func stop(_ container: TaskContainer) async throws -> ExitStatus? {
    if try await network.withdraw(container.id) { try await Task.sleep(for: Self.drainTime) }
    return try await containerStore.stop(container.id, grace: container.task.spec.container.stopGrace)
  }

  /// For requests that were on their way when the container was taken out of its published ports.
  private static let drainTime = Duration.milliseconds(500)

  package func remove(_ containerID: String) async throws {
    try await network.withdraw(containerID)
    try await containerStore.delete(containerID)
    if network.isAttached(containerID) { try await network.detach(containerID) }
    try removeDirectory(filesDirectory(containerID))
  }

  package func lastLines(of task: TaskID) async -> [String] {
    var lines: [String] = []
    do {
      for try await line in LogReader(directory: logDirectory(task)).lines(LogQuery(tail: ExitStatus.mostLastLines)) {
        lines.append(ProbeOutcome.line(String(decoding: line.bytes, as: UTF8.self)).clipped(toBytes: ExitStatus.longestLastLine))
      }
    } catch {
      logger.debug("log.unreadable", metadata: ["task": "\(task)", "error": "\(error)"])
    }
    return lines
  }

  package func forget(_ task: TaskID) async throws { try removeDirectory(logDirectory(task)) }

  enum Label {
    static let cluster = "warren.cluster"
    static let node = "warren.node"
    static let service = "warren.service"
    static let task = "warren.task"
    static let slot = "warren.slot"
    static let attempt = "warren.attempt"
  }
}
