package import Containerd
import FoundationEssentials
import Glibc
import Logging
import Subprocess
import SystemPackage

/// A containerd of a test's own, with all its state in a temporary directory. Needs root and the packages containerd and runc.
package struct TemporaryContainerd: Sendable {
  /// Short, because a socket's path may have no more than 107 bytes.
  package let directory: String
  package var socketPath: String { "\(directory)/c.sock" }

  /// One run of the daemon.
  package struct Running: Sendable {
    package let client: ContainerdClient
    package let processID: Int32
  }

  /// Starts containerd, runs `body` with a client of `namespace`, stops containerd and removes everything.
  package static func with<R: Sendable>(
    namespace: String = "warren-test", withoutPlugins: [String] = [], _ body: @escaping @Sendable (ContainerdClient) async throws -> R
  ) async throws -> R {
    let containerd = try TemporaryContainerd(withoutPlugins: withoutPlugins)
    defer { containerd.remove() }
    return try await containerd.running(namespace: namespace) { try await body($0.client) }
  }

  /// - Parameter withoutPlugins: such as `io.containerd.snapshotter.v1.overlayfs`.
  package init(withoutPlugins: [String] = []) throws {
    directory = "/tmp/wct-\(String(UInt32.random(in: .min ... .max), radix: 36))"
    try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
    let configuration = """
      version = 2
      root = "\(directory)/root"
      state = "\(directory)/state"
      disabled_plugins = [\((["io.containerd.grpc.v1.cri"] + withoutPlugins).map { "\"\($0)\"" }.joined(separator: ", "))]
      [grpc]
        address = "\(directory)/c.sock"
      [plugins."io.containerd.internal.v1.opt"]
        path = "\(directory)/opt"
      """
    try Data(configuration.utf8).write(to: URL(filePath: "\(directory)/config.toml"))
  }

  /// Runs the daemon while `body` runs, and kills it then (containers stay). May be called again: the state is the same.
  package func running<R: Sendable>(
    namespace: String = "warren-test", _ body: @escaping @Sendable (Running) async throws -> R
  ) async throws -> R {
    let socketPath = socketPath
    let outcome = try await run(
      .name("containerd"), arguments: ["-c", "\(directory)/config.toml"], input: .none, output: .discarded, error: .discarded
    ) { execution -> Result<R, any Error> in
      let result: Result<R, any Error>
      do {
        let client = try ContainerdClient(socketPath: socketPath, namespace: namespace, logger: Logger(label: "test"))
        result = .success(try await Self.connected(client) { try await body(Running(client: client, processID: execution.processIdentifier.value)) })
      } catch { result = .failure(error) }
      try? execution.send(signal: .kill)
      return result
    }
    return try outcome.closureResult.get()
  }

  /// Unmounts and removes the directory. Containers must be gone.
  package func remove() {
    let mounts = (try? String(contentsOfFile: "/proc/self/mounts", encoding: .utf8)) ?? ""
    let points = mounts.split(separator: "\n").compactMap { $0.split(separator: " ").dropFirst().first.map(String.init) }
    for point in points.reversed() where point.hasPrefix(directory + "/") { umount2(point, Int32(MNT_DETACH)) }
    try? FileManager.default.removeItem(atPath: directory)
  }

  private static func connected<R: Sendable>(_ client: ContainerdClient, _ body: @escaping @Sendable () async throws -> R) async throws -> R {
    try await withThrowingTaskGroup(of: R?.self) { group in
      group.addTask {
        try await client.run()
        return nil
      }
      group.addTask {
        try await client.createNamespace()
        return try await body()
      }
      while let finished = try await group.next() {
        if let result = finished {
          group.cancelAll()
          return result
        }
      }
      throw CancellationError()
    }
  }
}
