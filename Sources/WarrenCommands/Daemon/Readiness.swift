import ClusterModel
import Logging
import ServiceLifecycle
import WarrenAPI

/// Says that the daemon serves once it really does: when a call over its own socket was answered.
struct Readiness: Service {
  let socket: String
  let message: String
  let logger: Logger

  func run() async throws {
    do {
      try await cancelWhenGracefulShutdown { try await untilServing() }
    } catch  where Task.isShuttingDownGracefully {
      return
    }
    Terminal.write(message)
    logger.info("daemon.ready", metadata: ["socket": "\(socket)"])
    Memory.trim()
    try? await gracefulShutdown()
  }

  private func untilServing() async throws {
    try await WarrenClient.connected(to: socket, patience: .seconds(3600)) { client in
      _ = try await client.call { try await $0.getClusterInfo(.init()) }
    }
  }
}
