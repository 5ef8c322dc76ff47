package import ClusterModel
import GRPCCore
import Logging
import OCI
import SwiftProtobuf

/// The containers of one containerd namespace.
///
/// Holds no state of its own: containerd and the labels Warren writes are the truth, so everything here works on containers that an
/// earlier process made.
package struct Containers: Sendable {
  let client: ContainerdClient
  let configuration: ContainerConfiguration
  let logger: Logger

  /// Written on snapshots, so that one whose container is gone is found.
  static let containerLabel = "warren.container"
  static let stopSignalLabel = "warren.stop-signal"
  /// Of a container's extensions, which containerd keeps as they are.
  static let memoKey = "warren.memo"
  /// Those that images may be unpacked with (see `PreparedImage.snapshotter`).
  static let snapshotters = ["overlayfs", "native"]
  /// Keeps a snapshot from containerd's garbage collection while it belongs to no container yet.
  static let rootLabel = "containerd.io/gc.root"

  package init(client: ContainerdClient, configuration: ContainerConfiguration) {
    self.client = client
    self.configuration = configuration
    logger = client.logger
  }

  /// Every container, including those of which only a part is left.
  package func list() async throws -> [ContainerInfo] {
    do { return try await listOnce() } catch let error as WarrenError where error.code == .unavailable {
      // A restart of containerd breaks the calls that are under way, and only those: the next waits for the socket.
      return try await listOnce()
    }
  }

  private func listOnce() async throws -> [ContainerInfo] {
    async let containers = client.call("list the containers") { metadata, options in
      try await client.containers.list(.init(), metadata: metadata, options: options).containers
    }
    async let tasks = client.call("list the tasks") { metadata, options in
      try await client.tasks.list(.init(), metadata: metadata, options: options).tasks
    }
    async let snapshots = snapshots()
    return try await ContainerInfo.merge(containers: containers, tasks: tasks, snapshots: snapshots)
  }

  /// Starts the first process of a created container.
  ///
  /// - Returns: its pid on the node.
  /// - Throws: `WarrenError` with the runtime's words, for example when there is no such program in the image.
  package func start(_ id: String) async throws -> Int {
    let response = try await client.call("start the container \(id)") { metadata, options in
      try await client.tasks.start(.with { $0.containerID = id }, metadata: metadata, options: options)
    }
    return Int(response.pid)
  }

  /// Sends the stop signal, and SIGKILL to everything in the container when it still runs after `grace`.
  ///
  /// - Parameter signal: nil means the one the container was made with.
  /// - Returns: how it ended; nil when there was nothing to stop.
  package func stop(_ id: String, signal: Signal? = nil, grace: Duration) async throws -> ExitStatus? {
    guard try await process(id) != nil else { return nil }
    let chosen = if let signal { signal } else { try await stopSignal(id) }
    try await kill(id, chosen)
    if let exit = try await wait(id, atMost: grace) { return exit }
    logger.info("container.stop.grace-over", metadata: ["container": "\(id)", "signal": "\(chosen)"])
    try await kill(id, .kill, all: true)
    return try await wait(id)
  }

  /// Sends a signal; nothing happens when no process is left.
  package func kill(_ id: String, _ signal: Signal, all: Bool = false) async throws {
    do {
      try await client.call("send \(signal) to the container \(id)") { metadata, options in
        let request = Containerd_Services_Tasks_V1_KillRequest.with {
          $0.containerID = id
          $0.signal = UInt32(signal.number)
          $0.all = all
        }
        _ = try await client.tasks.kill(request, metadata: metadata, options: options)
      }
    } catch let error as WarrenError where error.code == .notFound || error.code == .failedPrecondition {
      return
    }
  }

  /// The container's first process; nil when there is none.
  func process(_ id: String) async throws -> Containerd_V1_Types_Process? {
    try await unlessMissing {
      try await client.call("look at the container \(id)") { metadata, options in
        try await client.tasks.get(.with { $0.containerID = id }, metadata: metadata, options: options).process
      }
    }
  }

  func record(_ id: String) async throws -> Containerd_Services_Containers_V1_Container {
    try await client.call("read the container \(id)") { metadata, options in
      try await client.containers.get(.with { $0.id = id }, metadata: metadata, options: options).container
    }
  }

  private func stopSignal(_ id: String) async throws -> Signal {
    let label = try await unlessMissing { try await record(id).labels[Self.stopSignalLabel] } ?? nil
    return label.flatMap { try? Signal($0) } ?? .terminate
  }

  /// Our containers' own snapshots; images' layers are not among them.
  private func snapshots() async throws -> [Containerd_Services_Snapshots_V1_Info] {
    var result: [Containerd_Services_Snapshots_V1_Info] = []
    for snapshotter in Self.snapshotters {
      do {
        result += try await client.call("list the snapshots") { metadata, options in
          let request = Containerd_Services_Snapshots_V1_ListSnapshotsRequest.with { $0.snapshotter = snapshotter }
          return try await client.snapshots.list(request, metadata: metadata, options: options) { response in
            var ours: [Containerd_Services_Snapshots_V1_Info] = []
            for try await message in response.messages { ours += message.info.filter { $0.labels[Self.containerLabel] != nil } }
            return ours
          }
        }
      } catch let error as WarrenError where error.code == .invalidArgument || error.code == .notFound {
        // This containerd has no such snapshotter.
        continue
      }
    }
    return result
  }
}
