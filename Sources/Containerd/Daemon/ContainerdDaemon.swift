import ClusterModel
import FoundationEssentials
package import Logging

/// The containerd this node uses: the system's when it answers, else one of Warren's own.
///
/// Warren's own runs in a session of its own and is never tied to the life of Warren: containers belong to their shims, so they outlive
/// both. When Warren was killed, the containerd it left behind is taken over. Under systemd, Warren's unit needs `KillMode=process`.
package struct ContainerdDaemon: Sendable {
  package struct Configuration: Sendable {
    /// `nil` asks `systemSocket` first; a path is used as it is, and never replaced by an own containerd.
    package var socketPath: String?
    package var systemSocket = "/run/containerd/containerd.sock"
    /// Holds the own containerd's files, and the note of which one this node uses.
    package var directory: String
    /// Where programs are looked for.
    package var searchPath: [String]
    /// Plugins of an own containerd to be left out, beside those that Warren has no use for: `io.containerd.snapshotter.v1.overlayfs`.
    package var withoutPlugins: [String] = []
    /// For the pauses between two starts of an own containerd.
    package var clock: any Clock<Duration> = .continuous

    package init(directory: String, searchPath: [String]) {
      self.directory = directory
      self.searchPath = searchPath
    }
  }

  /// What the node's containers live in.
  package enum Choice: String, Sendable { case system, own }

  /// To be given to `ContainerdClient`.
  package let socketPath: String
  package let choice: Choice
  private let own: OwnContainerd?

  /// Decides which containerd to use. A node that has decided once stays with it: its containers are there.
  ///
  /// - Throws: `WarrenError` when there is none and none can be started.
  package static func find(_ configuration: Configuration, logger: Logger) async throws -> ContainerdDaemon {
    if let socketPath = configuration.socketPath { return ContainerdDaemon(socketPath: socketPath, choice: .system, own: nil) }
    let note = configuration.directory + "/choice"
    let earlier = FileManager.default.contents(atPath: note).flatMap { Choice(rawValue: String(decoding: $0, as: UTF8.self)) }
    let system = ContainerdDaemon(socketPath: configuration.systemSocket, choice: .system, own: nil)
    let chosen: ContainerdDaemon
    switch earlier {
    // Whether it answers now or not: this node's containers are in it. The worker says what is wrong, and waits.
    case .system: chosen = system
    case .own: chosen = try makeOwn(configuration, logger: logger)
    case nil:
      // Asking waits for a socket to appear; without one the start of a node need not.
      var useSystem = FileManager.default.fileExists(atPath: system.socketPath)
      if useSystem { useSystem = await ContainerdProbe.answers(system.socketPath, within: .seconds(3)) }
      chosen = useSystem ? system : try makeOwn(configuration, logger: logger)
      try FileManager.default.createDirectory(atPath: configuration.directory, withIntermediateDirectories: true)
      try Data(chosen.choice.rawValue.utf8).write(to: URL(filePath: note), options: .atomic)
    }
    logger.info("containerd.chosen", metadata: ["choice": "\(chosen.choice)", "socket": "\(chosen.socketPath)"])
    return chosen
  }

  private static func makeOwn(_ configuration: Configuration, logger: Logger) throws -> ContainerdDaemon {
    let own = try OwnContainerd(configuration, logger: logger)
    return ContainerdDaemon(socketPath: own.socketPath, choice: .own, own: own)
  }

  /// Keeps the own containerd running until the task is cancelled; with the system's it only waits.
  package func run() async throws {
    if let own { return await own.run() }
    for await _ in AsyncStream<Void>.makeStream().stream {}
  }
}
