import ClusterModel
import Containerd
import Foundation
import HostNetwork
import Logging
import Subprocess
import TestKit
import Testing
import Worker

/// A node with a worker on a containerd and a network of its own. The worker can be dropped and made anew, as by a restart of Warren.
struct WorkerNode: Sendable {
  /// Where it is to be found, for another process.
  struct Place: Sendable, Codable {
    var containerd: TemporaryContainerd.Place
    var number: Int
  }

  let box: TemporaryContainerd
  let number: Int
  let logger: Logger
  let manager = FakeManager()
  var place: Place { Place(containerd: box.place, number: number) }
  var bridge: String { "wtw\(number)" }
  var subnet: String { "10.253.\(number).0/24" }
  var dataDirectory: String { "\(box.directory)/data" }

  /// - Parameter number: a test's own, for its bridge and subnet.
  static func with(_ number: Int, _ body: @Sendable (WorkerNode) async throws -> Void) async throws {
    try await TemporaryContainerd.with { box in
      let node = WorkerNode(box: box, number: number, logger: TemporaryContainerd.silence)
      let outcome: Result<Void, any Error>
      do {
        _ = try await box.busybox(command: ["/bin/sh", "-c", "echo up; exec sleep 1000"])
        outcome = .success(try await body(node))
      } catch { outcome = .failure(error) }
      for container in (try? await box.containers.list()) ?? [] { _ = try? await box.containers.delete(container.id) }
      try await node.network().remove()
      try outcome.get()
      #expect(await node.manager.violations.isEmpty)
    }
  }

  /// The same node for another worker, perhaps in another process.
  static func join(_ place: Place, logger: Logger, _ body: @Sendable (WorkerNode) async throws -> Void) async throws {
    try await TemporaryContainerd.join(place.containerd, logger: logger) { box in
      try await body(WorkerNode(box: box, number: place.number, logger: logger))
    }
  }

  func network() throws -> NodeNetwork {
    NodeNetwork(
      configuration: NetworkConfiguration(bridge: bridge, subnet: try IPv4Subnet(subnet), stateDirectory: "\(box.directory)/network"), logger: logger)
  }

  /// One life of the worker. It is dropped where it stands at the end of `body`.
  ///
  /// - Parameter sweepInterval: nil keeps it from looking for leftovers between the returns of containerd.
  func life<R>(
    clock: any Clock<Duration> = .continuous, sweepInterval: Duration? = nil, _ body: (WorkerOperations) async throws -> R
  ) async throws -> R {
    await manager.workerRestarted()
    let runtime = ContainerdRuntime(
      configuration: .init(cluster: "c1", node: "n1", dataDirectory: dataDirectory), client: box.client, containers: box.containers,
      images: box.images, network: try network(), logger: logger)
    try FileManager.default.createDirectory(atPath: dataDirectory, withIntermediateDirectories: true)
    var configuration = Agent.Configuration(node: ClusterNode(id: "n1", roles: [.worker], description: NodeDescription(hostname: "n1")))
    configuration.sweepInterval = sweepInterval
    // Tests that move the clock are about the sweep.
    if sweepInterval != nil { configuration.engineLooks = nil }
    let agent = Agent(
      configuration: configuration, runtime: runtime, session: manager, journal: try Journal(path: journalPath), clock: clock, now: { Self.now() },
      logger: logger)
    let work = Task { try await agent.run() }
    let result: Result<R, any Error>
    do { result = .success(try await body(WorkerOperations(agent: agent, runtime: runtime))) } catch { result = .failure(error) }
    work.cancel()
    _ = await work.result
    return try result.get()
  }

  var journalPath: String { "\(dataDirectory)/worker.sqlite" }

  func loseJournal() { for suffix in ["", "-wal", "-shm"] { try? FileManager.default.removeItem(atPath: journalPath + suffix) } }

  private static func now() -> Timestamp {
    Timestamp(nanosecondsSinceEpoch: Int64(Date().timeIntervalSince1970 * 1_000_000) * 1000)
  }

  func task(_ id: TaskID, slot: Int = 1, _ change: (inout TaskSpec) -> Void = { _ in }) -> ClusterTask {
    var spec = TaskSpec(container: ContainerSpec(image: "busybox:test"))
    spec.container.stopSignal = "SIGKILL"
    spec.restart.delay = .milliseconds(100)
    change(&spec)
    var task = ClusterTask(id: id, serviceID: "s", serviceName: "web", slot: slot, revision: 1, spec: spec)
    task.nodeID = "n1"
    task.status = TaskStatus(state: .assigned)
    return task
  }

  /// Waits until the manager was told that the task is in `state`.
  @discardableResult
  func told(_ state: TaskState, attempt: Int? = nil, of id: TaskID) async throws -> TaskStatus {
    do {
      try await eventually("\(id) is \(state)") {
        guard let status = await manager.status(id) else { return false }
        return status.state == state && (attempt == nil || status.attempt == attempt)
      }
    } catch {
      throw NeverHappened(what: "\(error); it is \(String(describing: await manager.status(id)))")
    }
    return await manager.status(id) ?? TaskStatus()
  }

  struct NeverHappened: Error { var what: String }

  /// Everything on the node that exists because of a task, in the order of names.
  func inventory() async throws -> [String] {
    var result = try await box.containers.list().map { "container \($0.id)" }
    result += try network().list().map { "network \($0)" }
    for folder in ["logs", "tasks"] { result += Self.names(in: "\(dataDirectory)/\(folder)").map { "\(folder) \($0)" } }
    return result.sorted()
  }

  /// What is there beside the inventory: links, rules, mounts, leases, cgroups without a container. It does not tell names that are drawn by chance.
  func surroundings() async throws -> [String] {
    let links = Self.names(in: "/sys/class/net/\(bridge)/brif").count
    let leases = try await box.client.leaseCount()
    let mounts = try String(contentsOfFile: "/proc/self/mounts", encoding: .utf8).split(separator: "\n")
      .compactMap { $0.split(separator: " ").dropFirst().first }.filter { $0.hasPrefix(box.directory) || $0.hasPrefix("/run/netns/\(bridge)-") }
    let rules = try await shell("nft -s list table ip \(bridge) | grep dnat | grep -v 'ct status'")
    let strays = box.containers.cgroups().subtracting(try await box.containers.list().map(\.id))
    return ["links \(links)", "leases \(leases)", "rules \(rules)"] + mounts.map { "mount \($0)" }.sorted()
      + strays.map { "cgroup \($0)" }.sorted()
  }

  private static func names(in folder: String) -> [String] { (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? [] }

  func nothingLeft() async throws {
    let nothing = ["links 0", "leases 0", "rules "]
    do {
      try await eventually("nothing is left") {
        guard let (inventory, surroundings) = try? await (inventory(), surroundings()) else { return false }
        return inventory.isEmpty && surroundings == nothing
      }
    } catch {
      throw NeverHappened(what: "\(error): \(try await inventory()) \(try await surroundings())")
    }
  }

  func shell(_ command: String) async throws -> String {
    let result = try await run(.name("sh"), arguments: ["-c", command], output: .string(limit: 1 << 20), error: .discarded)
    return result.standardOutput.trimmingCharacters(in: .whitespacesAndNewlines)
  }
}

extension WorkerOperations {
  /// What a command in the task prints.
  func output(of command: [String], in task: TaskID) async throws -> String {
    var bytes: [UInt8] = []
    for try await output in try await exec(in: task, ExecCommand(arguments: command), input: AsyncStream { $0.finish() }) {
      if case .stdout(let more) = output { bytes += more }
    }
    return String(decoding: bytes, as: UTF8.self)
  }

  func log(of task: TaskID) async throws -> [String] {
    var lines: [String] = []
    for try await line in try await logs(of: task, LogQuery()) { lines.append(String(decoding: line.bytes, as: UTF8.self)) }
    return lines
  }
}
