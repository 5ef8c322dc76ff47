import CLinux
import ClusterModel
import FoundationEssentials
import Glibc
import Logging

/// A containerd that Warren starts, watches and starts again.
struct OwnContainerd: Sendable {
  let socketPath: String
  private let directory: String
  private let program: String
  private let searchPath: [String]
  private let withoutPlugins: [String]
  private let clock: any Clock<Duration>
  private let logger: Logger

  private static let longestSocketPath = 107
  private static let watchInterval = Duration.milliseconds(500)
  private static let startLimit = Duration.seconds(20)
  private static let stopLimit = Duration.seconds(10)
  private static let firstPause = Duration.milliseconds(250)
  private static let longestPause = Duration.seconds(30)
  private static let mostLogBytes = 10_000_000

  private var pidFile: String { directory + "/containerd.pid" }
  private var configFile: String { directory + "/config.toml" }
  private var logFile: String { directory + "/containerd.log" }

  /// - Throws: `WarrenError` when containerd is not installed or the folder's path is too long for a socket.
  init(_ configuration: ContainerdDaemon.Configuration, logger: Logger) throws(WarrenError) {
    directory = configuration.directory
    searchPath = configuration.searchPath
    withoutPlugins = configuration.withoutPlugins
    clock = configuration.clock
    self.logger = logger
    socketPath = directory + "/containerd.sock"
    guard socketPath.utf8.count <= Self.longestSocketPath else {
      throw WarrenError(.invalidArgument, "the path \(socketPath) is too long for a socket; use a data directory with a shorter path")
    }
    guard let program = searchPath.map({ $0 + "/containerd" }).first(where: { access($0, X_OK) == 0 }) else {
      throw WarrenError(.failedPrecondition, "no containerd answers and none is installed; install it, on Debian: apt-get install containerd runc")
    }
    self.program = program
  }

  /// Keeps one running until the task is cancelled, and then stops it; the containers stay.
  func run() async {
    var pause = Self.firstPause
    while !Task.isCancelled {
      let lasted = await clock.measure { await runOnce() }
      if Task.isCancelled { return }
      if lasted > Self.longestPause { pause = Self.firstPause }
      logger.warning("containerd.starting-again", metadata: ["after": "\(pause)", "log": "\(logFile)"])
      try? await clock.sleep(for: pause)
      pause = min(pause * 2, Self.longestPause)
    }
  }

  private func runOnce() async {
    do { try await watch(try await adopt() ?? launch()) } catch {
      if !Task.isCancelled { logger.error("containerd.failed", metadata: ["error": "\(error)", "log": "\(logFile)"]) }
    }
  }

  /// Takes over what an earlier Warren has left running.
  private func adopt() async throws -> DaemonProcess? {
    let text = FileManager.default.contents(atPath: pidFile).map { String(decoding: $0, as: UTF8.self) }
    guard let pid = text.flatMap({ Int32($0) }), let process = DaemonProcess(running: pid, commandContains: configFile) else { return nil }
    if await ContainerdProbe.answers(socketPath, within: .seconds(10)) {
      logger.info("containerd.adopted", metadata: ["pid": "\(pid)"])
      return process
    }
    logger.warning("containerd.hung", metadata: ["pid": "\(pid)"])
    await process.stop(within: Self.stopLimit)
    return nil
  }

  private func launch() throws -> DaemonProcess {
    try FileManager.default.createDirectory(
      atPath: directory, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o711])
    try Data(configuration.utf8).write(to: URL(filePath: configFile), options: .atomic)
    var log = clinux_file()
    if clinux_stat(logFile, &log), log.size > Self.mostLogBytes { rename(logFile, logFile + ".1") }
    let process = try DaemonProcess(
      launching: [program, "--config", configFile], output: logFile, environment: ["PATH=" + searchPath.joined(separator: ":")])
    try Data("\(process.pid)".utf8).write(to: URL(filePath: pidFile), options: .atomic)
    logger.info("containerd.started", metadata: ["pid": "\(process.pid)", "socket": "\(socketPath)"])
    return process
  }

  /// Returns when it has ended by itself.
  private func watch(_ process: DaemonProcess) async throws {
    do {
      while process.isRunning { try await clock.sleep(for: Self.watchInterval) }
      logger.warning("containerd.ended", metadata: ["pid": "\(process.pid)", "log": "\(logFile)"])
    } catch {
      await Task { await process.stop(within: Self.stopLimit) }.value
      unlink(pidFile)
      throw error
    }
  }

  /// Version 2 is read by 1.6, 1.7 and 2.x. The plugins left out are Kubernetes' and snapshotters that need set-up.
  private var configuration: String {
    """
    # Written by Warren at each start.
    version = 2
    root = "\(directory)/root"
    state = "\(directory)/state"
    disabled_plugins = [
      "io.containerd.grpc.v1.cri", "io.containerd.cri.v1.images", "io.containerd.cri.v1.runtime",
      "io.containerd.snapshotter.v1.aufs", "io.containerd.snapshotter.v1.btrfs", "io.containerd.snapshotter.v1.devmapper",
      "io.containerd.snapshotter.v1.zfs", "io.containerd.snapshotter.v1.blockfile", "io.containerd.tracing.processor.v1.otlp",
      "io.containerd.internal.v1.tracing", \(withoutPlugins.map { "\"\($0)\"," }.joined(separator: " "))
    ]

    [grpc]
    address = "\(socketPath)"

    [plugins."io.containerd.internal.v1.opt"]
    path = "\(directory)/opt"

    """
  }
}
