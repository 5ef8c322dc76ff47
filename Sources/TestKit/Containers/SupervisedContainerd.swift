package import Containerd
import FoundationEssentials
import Glibc
import Logging

/// A containerd of its own for one test: own files, socket and containerd namespace; everything it made is gone afterwards.
///
/// Needs root and Debian's packages containerd, runc and busybox-static.
package struct SupervisedContainerd: Sendable {
  package let directory: String
  package let client: ContainerdClient
  package let containers: Containers
  package let images: ImageStore

  /// - Parameter body: ends before the containerd is stopped.
  package static func with<Result: Sendable>(_ body: @Sendable (SupervisedContainerd) async throws -> Result) async throws -> Result {
    let tag = String(UInt32.random(in: .min ... .max), radix: 36)
    let directory = "/tmp/warren-ctd-\(tag)"
    var configuration = ContainerdDaemon.Configuration(directory: directory, searchPath: ["/usr/sbin", "/usr/bin", "/sbin", "/bin"])
    configuration.systemSocket = directory + "/none.sock"
    let logger = Logger(label: "test.containerd") { _ in SwiftLogNoOpLogHandler() }
    let daemon = try await ContainerdDaemon.find(configuration, logger: logger)
    let client = try ContainerdClient(socketPath: daemon.socketPath, namespace: "warren-test-\(tag)", logger: logger)
    let made = ContainerConfiguration(logDriver: BuiltProgram.path("warren"), runDirectory: directory + "/run")
    let instance = SupervisedContainerd(
      directory: directory, client: client, containers: Containers(client: client, configuration: made),
      images: ImageStore(client: client, registry: RegistryConfiguration(), logger: logger))
    return try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask { try await client.run() }
      let supervisor = Task { try await daemon.run() }
      let result: Swift.Result<Result, any Error>
      do {
        try await client.createNamespace()
        result = .success(try await body(instance))
      } catch {
        result = .failure(error)
      }
      await instance.removeEverything()
      supervisor.cancel()
      _ = await supervisor.result
      group.cancelAll()
      instance.removeFiles()
      return try result.get()
    }
  }

  /// The busybox image, loaded.
  package func busybox(command: [String] = ["/bin/sleep", "3600"], extra: [String: String] = [:]) async throws -> PreparedImage {
    let image = try TestImage.busybox(name: "docker.io/library/busybox:test", command: command, extra: extra)
    _ = try await images.load(.pieces(of: image.ociArchive(), size: 1 << 20))
    return try await images.ensure("busybox:test")
  }

  /// Kills containerd itself with SIGKILL; its supervisor starts the next one.
  package func killDaemon() throws {
    let pid = try String(contentsOfFile: directory + "/containerd.pid", encoding: .utf8)
    kill(Int32(pid) ?? 0, SIGKILL)
  }

  private func removeEverything() async {
    for container in (try? await containers.list()) ?? [] { _ = try? await containers.delete(container.id) }
  }

  private func removeFiles() {
    for process in (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? [] {
      guard let pid = Int32(process), let command = FileManager.default.contents(atPath: "/proc/\(pid)/cmdline") else { continue }
      let text = String(decoding: command, as: UTF8.self)
      if text.contains("containerd-shim"), text.contains(directory + "/") { kill(pid, SIGKILL) }
    }
    let mounts = (try? String(contentsOfFile: "/proc/self/mounts", encoding: .utf8)) ?? ""
    for line in mounts.split(separator: "\n").reversed() {
      let fields = line.split(separator: " ")
      if fields.count > 1, fields[1].hasPrefix(directory + "/") { umount2(String(fields[1]), Int32(MNT_DETACH)) }
    }
    for controller in (try? FileManager.default.contentsOfDirectory(atPath: "/sys/fs/cgroup")) ?? [] {
      rmdir("/sys/fs/cgroup/\(controller)/\(client.namespace)")
    }
    try? FileManager.default.removeItem(atPath: directory)
  }
}
