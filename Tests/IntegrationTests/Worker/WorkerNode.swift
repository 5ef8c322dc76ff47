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
  let box: SupervisedContainerd
  let manager = FakeManager()
  let bridge: String
  let subnet: String

  /// - Parameter number: a test's own, for its bridge and subnet.
  static func with(_ number: Int, _ body: @Sendable (WorkerNode) async throws -> Void) async throws {
    try await SupervisedContainerd.with { box in
      let node = WorkerNode(box: box, bridge: "wtw\(number)", subnet: "10.253.\(number).0/24")
      _ = try await box.busybox(command: ["/bin/sh", "-c", "echo up; exec sleep 1000"])
      let outcome: Result<Void, any Error>
      do { outcome = .success(try await body(node)) } catch { outcome = .failure(error) }
      for container in try await box.containers.list() { try await box.containers.delete(container.id) }
      try await node.network().remove()
      try outcome.get()
      #expect(await node.manager.violations.isEmpty)
    }
  }

  private var logger: Logger { Logger(label: "test") { _ in SwiftLogNoOpLogHandler() } }

  func network() throws -> NodeNetwork {
    NodeNetwork(
      configuration: NetworkConfiguration(bridge: bridge, subnet: try IPv4Subnet(subnet), stateDirectory: "\(box.directory)/network"), logger: logger)
  }

  /// One life of the worker. It is dropped where it stands at the end of `body`.
  func life<R>(_ body: (WorkerOperations) async throws -> R) async throws -> R {
    await manager.workerRestarted()
    let runtime = ContainerdRuntime(
      configuration: .init(cluster: "c1", node: "n1", dataDirectory: "\(box.directory)/data"), client: box.client, containers: box.containers,
      images: box.images, network: try network(), logger: logger)
    try FileManager.default.createDirectory(atPath: "\(box.directory)/data", withIntermediateDirectories: true)
    let agent = Agent(
      configuration: .init(node: ClusterNode(id: "n1", roles: [.worker], description: NodeDescription(hostname: "n1"))), runtime: runtime,
      session: manager, journal: try Journal(path: journalPath), now: { Self.now() }, logger: logger)
    let work = Task { try await agent.run() }
    let result: Result<R, any Error>
    do { result = .success(try await body(WorkerOperations(agent: agent, runtime: runtime))) } catch { result = .failure(error) }
    work.cancel()
    _ = await work.result
    return try result.get()
  }

  var journalPath: String { "\(box.directory)/data/worker.sqlite" }

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

  /// Everything on the node that exists because of a task.
  func inventory() async throws -> [String] {
    let containers = try await box.containers.list().map { "container \($0.id)" }
    let networks = try network().list().sorted().map { "network \($0)" }
    let folders = ["logs", "tasks"].flatMap { folder in
      ((try? FileManager.default.contentsOfDirectory(atPath: "\(box.directory)/data/\(folder)")) ?? []).sorted().map { "\(folder) \($0)" }
    }
    return containers + networks + folders
  }

  func nothingLeft() async throws {
    do { try await eventually("nothing is left") { (try? await inventory())?.isEmpty == true } } catch {
      throw NeverHappened(what: "\(error): \(try await inventory())")
    }
    #expect(try await shell("ip -o link show master \(bridge) 2>/dev/null | wc -l") == "0")
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
