import ClusterModel
import Containerd
import Foundation
import HostNetwork
import Logging
import SwiftProtobuf
import WarrenAPI

/// What a worker that starts finds on its node, and what it removes there.
extension ContainerdRuntime {
  package func containers() async throws -> [RuntimeContainer] {
    let addresses = network.addresses
    var result: [RuntimeContainer] = []
    for info in try await ours() {
      let state = try await state(of: info, address: addresses[info.id] ?? "")
      result.append(RuntimeContainer(id: info.id, state: state, origin: Self.origin(of: info)))
    }
    return result
  }

  private func state(of info: ContainerInfo, address: String) async throws -> RuntimeContainer.State {
    switch info.state {
    case .created, .leftover: return .created
    case .running, .paused: return .running(pid: info.pid, address: address)
    // Answers at once, and knows more of the reason than the list does.
    case .stopped:
      do { return .exited(try await containerStore.wait(info.id)) } catch let error as WarrenError where error.code == .notFound { return .lost }
    case .lost: return .lost
    }
  }

  private func ours() async throws -> [ContainerInfo] { try await containerStore.list().filter(isOurs) }

  private func isOurs(_ info: ContainerInfo) -> Bool {
    info.labels[Label.cluster] == configuration.cluster.rawValue && info.labels[Label.node] == configuration.node.rawValue
  }

  private static func origin(of info: ContainerInfo) -> TaskContainer? {
    guard !info.memo.isEmpty, let attempt = info.labels[Label.attempt].flatMap({ Int($0) }),
      let message = try? Warren_V1_Task(serializedBytes: info.memo), let task = try? ClusterTask(wire: message)
    else { return nil }
    let origin = TaskContainer(task: task, attempt: attempt)
    return origin.id == info.id ? origin : nil
  }

  package func restore(_ containers: [TaskContainer]) async throws {
    let running = Set(try await ours().filter { $0.pid > 0 && $0.state != .created }.map(\.id))
    let addresses = network.addresses
    var published: [String: PublishedTask] = [:]
    for container in containers where running.contains(container.id) {
      if let address = addresses[container.id] { published[container.id] = PublishedTask(address: address, ports: container.task.spec.ports) }
    }
    try await network.restore(published: published)
  }

  package func sweep(_ wanted: @Sendable () async -> WantedContainers) async throws {
    let (files, logs) = ("\(configuration.dataDirectory)/tasks", "\(configuration.dataDirectory)/logs")
    let (filed, logged) = (Self.names(in: files), Self.names(in: logs))
    let attached = network.inventory()
    let grouped = containerStore.cgroups()
    let found = try await containerStore.list()
    let kept = await wanted()
    try await images.removeLeftovers()
    for container in found where isOurs(container) && !kept.containers.contains(container.id) { await removeOrphan(container.id) }
    // What others made in this namespace is listed, too, and left alone.
    for id in grouped.subtracting(found.map(\.id)).subtracting(kept.containers) where containerStore.removeEmptyCgroups(id) {
      logger.info("container.removed-cgroup", metadata: ["container": "\(id)"])
    }
    try await network.sweep(attached, keeping: kept.containers)
    for name in filed.subtracting(kept.containers) { try removeDirectory("\(files)/\(name)") }
    for name in logged.subtracting(kept.tasks.map(\.rawValue)) { try removeDirectory("\(logs)/\(name)") }
  }

  /// One that cannot be removed now must not keep the others from running.
  private func removeOrphan(_ id: String) async {
    do {
      try await containerStore.delete(id)
      logger.info("container.removed-orphan", metadata: ["container": "\(id)"])
    } catch {
      logger.warning("container.orphan-stays", metadata: ["container": "\(id)", "error": "\(error)"])
    }
  }

  private static func names(in folder: String) -> Set<String> {
    Set((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? [])
  }

  func removeDirectory(_ path: String) throws {
    do { try FileManager.default.removeItem(atPath: path) } catch {
      if FileManager.default.fileExists(atPath: path) { throw error }
    }
  }

  package func reconnections() -> AsyncStream<Void> {
    let (stream, continuation) = AsyncStream<Void>.makeStream(bufferingPolicy: .bufferingNewest(1))
    let listening = Task {
      var isFirst = true
      for await event in containerStore.events() {
        guard case .listed = event else { continue }
        if !isFirst { continuation.yield() }
        isFirst = false
      }
      continuation.finish()
    }
    continuation.onTermination = { _ in listening.cancel() }
    return stream
  }
}
