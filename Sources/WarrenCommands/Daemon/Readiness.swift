import ClusterModel
import Logging
import ServiceLifecycle
import WarrenAPI

/// Says that the daemon serves once it really does: when a call over its own socket was answered.
struct Readiness: Service {
  let socket: String
  let message: String
  let logger: Logger
  /// Whether the worker knows what it runs and holds a session. Not waited for long: without containerd a manager still serves.
  var workerIsConnected: @Sendable () async -> Bool = { true }

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

  /// Makes `call` until it is answered. That other managers did not answer in time is no reason to end: they may the next time. Nor is it that
  /// they do not know this one any more: `RoleWatch` finds out what it has become.
  static func untilAnswered(_ call: () async throws -> Void) async throws {
    while true {
      do { return try await call() } catch let error as WarrenError where [.deadlineExceeded, .unauthenticated].contains(error.code) {
        // The call itself has waited for a leader; this is for what is refused at once.
        try await Task.sleep(for: .milliseconds(100))
      }
    }
  }

  private func untilServing() async throws {
    try await WarrenClient.connected(to: socket, patience: .seconds(3600)) { client in
      try await Self.untilAnswered { _ = try await client.call { try await $0.getClusterInfo(.init()) } }
    }
    // Looked at instead of waited for: it is over in a few rounds, once in the life of a process.
    let patience = ContinuousClock.now + .milliseconds(700)
    while ContinuousClock.now < patience, await !workerIsConnected() { try await Task.sleep(for: .milliseconds(10)) }
  }
}
