package import Containerd
import FoundationEssentials
import Glibc
package import Logging

/// A containerd of a test's own: own files, socket and containerd namespace; everything it made is gone afterwards.
///
/// Needs root and Debian's packages containerd, runc and busybox-static, or what `TestedPrograms` names.
package struct TemporaryContainerd: Sendable {
  /// Where it is to be found, for another process.
  package struct Place: Sendable, Codable {
    package var directory: String
    package var socketPath: String
    package var namespace: String
    package var logDriver: String
  }

  package let place: Place
  package let client: ContainerdClient
  package let containers: Containers
  package let images: ImageStore
  package var directory: String { place.directory }

  package static let silence = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

  private init(_ place: Place, registry: RegistryConfiguration, logger: Logger) throws {
    self.place = place
    client = try ContainerdClient(socketPath: place.socketPath, namespace: place.namespace, logger: logger)
    var configuration = ContainerConfiguration(logDriver: place.logDriver, runDirectory: place.directory + "/run")
    configuration.runtimeBinary = TestedPrograms.runtime
    containers = Containers(client: client, configuration: configuration)
    images = ImageStore(client: client, registry: registry, logger: logger)
  }

  /// - Parameters:
  ///   - withoutPlugins: such as `io.containerd.snapshotter.v1.overlayfs`.
  ///   - body: ends before the containerd is stopped.
  package static func with<Result: Sendable>(
    registry: RegistryConfiguration = RegistryConfiguration(hostDirectories: []), withoutPlugins: [String] = [],
    _ body: @Sendable (TemporaryContainerd) async throws -> Result
  ) async throws -> Result {
    let tag = String(UInt32.random(in: .min ... .max), radix: 36)
    // Short, because a socket's path may have no more than 107 bytes.
    let directory = "/tmp/warren-ctd-\(tag)"
    var configuration = ContainerdDaemon.Configuration(directory: directory, searchPath: TestedPrograms.searchPath)
    configuration.systemSocket = directory + "/none.sock"
    configuration.withoutPlugins = withoutPlugins
    let daemon = try await ContainerdDaemon.find(configuration, logger: silence)
    let place = Place(
      directory: directory, socketPath: daemon.socketPath, namespace: "warren-test-\(tag)", logDriver: BuiltProgram.path("warren"))
    let supervisor = Task { try await daemon.run() }
    let result: Swift.Result<Result, any Error>
    do {
      result = .success(
        try await join(place, registry: registry) { instance in
          try await instance.client.createNamespace()
          let result: Swift.Result<Result, any Error>
          do { result = .success(try await body(instance)) } catch { result = .failure(error) }
          await instance.removeContainers()
          return try result.get()
        })
    } catch { result = .failure(error) }
    supervisor.cancel()
    _ = await supervisor.result
    place.removeFiles()
    return try result.get()
  }

  /// Uses a containerd that another `with`, perhaps in another process, keeps running.
  package static func join<Result: Sendable>(
    _ place: Place, registry: RegistryConfiguration = RegistryConfiguration(hostDirectories: []), logger: Logger = silence,
    _ body: @Sendable (TemporaryContainerd) async throws -> Result
  ) async throws -> Result {
    let instance = try TemporaryContainerd(place, registry: registry, logger: logger)
    let connection = Task { await instance.client.run() }
    let result: Swift.Result<Result, any Error>
    do { result = .success(try await body(instance)) } catch { result = .failure(error) }
    connection.cancel()
    _ = await connection.result
    return try result.get()
  }

  /// The busybox image, loaded.
  package func busybox(command: [String] = ["/bin/sleep", "3600"], extra: [String: String] = [:]) async throws -> PreparedImage {
    let image = try TestImage.busybox(name: "docker.io/library/busybox:test", command: command, extra: extra)
    _ = try await images.load(.pieces(of: image.ociArchive(), size: 1 << 20))
    return try await images.ensure("busybox:test")
  }

  /// containerd's own process.
  package var daemonProcess: Int32 {
    get throws { Int32(try String(contentsOfFile: directory + "/containerd.pid", encoding: .utf8)) ?? 0 }
  }

  /// Kills containerd itself with SIGKILL; its supervisor starts the next one.
  package func killDaemon() throws { kill(try daemonProcess, SIGKILL) }

  private func removeContainers() async {
    for container in (try? await containers.list()) ?? [] { _ = try? await containers.delete(container.id) }
  }
}

extension TemporaryContainerd.Place {
  /// What is left when containerd has ended. Containers should be gone; those that are not are killed with their shims.
  fileprivate func removeFiles() {
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
      rmdir("/sys/fs/cgroup/\(controller)/\(namespace)")
    }
    rmdir("/sys/fs/cgroup/\(namespace)")
    try? FileManager.default.removeItem(atPath: directory)
  }
}
