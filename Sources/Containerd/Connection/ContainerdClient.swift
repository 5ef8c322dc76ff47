import ClusterModel
package import GRPCCore
package import GRPCNIOTransportHTTP2Posix
import GRPCSupport
package import Logging
import NIOCore
import SwiftProtobuf

/// One connection to containerd's socket, for one containerd namespace.
///
/// Connects again by itself after a restart of containerd: a call made meanwhile waits for the socket until its timeout; a call that
/// was under way fails with `unavailable`, and its caller knows whether it may be repeated.
package final class ContainerdClient: Sendable {
  package typealias Transport = HTTP2ClientTransport.Posix

  /// containerd keeps the containers, images and snapshots of different namespaces apart.
  package let namespace: String
  package let socketPath: String
  package let logger: Logger
  /// For the generated clients: `Containerd_Services_Tasks_V1_Tasks.Client(wrapping: client.grpc)`.
  package let grpc: GRPCClient<Transport>

  /// containerd's own limit on a message, each way.
  private static let messageLimit = 16 << 20

  package init(socketPath: String, namespace: String = "warren", logger: Logger) throws {
    self.socketPath = socketPath
    self.namespace = namespace
    self.logger = logger
    let transport = try Transport(
      target: .unixDomainSocket(path: socketPath, authority: "localhost"), transportSecurity: .plaintext,
      config: .defaults { config in
        config.backoff.initial = .milliseconds(50)
        config.backoff.max = .seconds(1)
        config.connection.flushCoalescing = nil
        config.http2.targetWindowSize = 1 << 20
        config.channelDebuggingCallbacks.onCreateTCPConnection = { channel in
          channel.eventLoop.makeCompletedFuture { try channel.pipeline.syncOperations.addHandler(PingShield(), position: .first) }
        }
      })
    grpc = GRPCClient(transport: transport)
  }

  /// Keeps the connection until the task is cancelled. Calls wait until this runs.
  package func run() async {
    // Of their own, and never cancelled, for the reason that `whileConnected` gives. Nothing has to be resolved for a socket.
    let connections = Task { try? await grpc.runConnections() }
    await withTaskCancellationHandler {
      await connections.value
    } onCancel: {
      grpc.beginGracefulShutdown()
    }
  }

  /// Makes one call with the namespace, an optional lease, a timeout and this client's message limits.
  ///
  /// - Parameters:
  ///   - action: what was asked for, after "could not": `create the container web.1`.
  ///   - timeout: nil for calls that may last, such as `Wait`. It includes waiting for containerd to answer at all.
  ///   - lease: what the call creates is kept from garbage collection by this lease.
  /// - Throws: `WarrenError`, and `CancellationError` when the calling task was cancelled.
  package func call<Result: Sendable>(
    _ action: @autoclosure () -> String, timeout: Duration? = .seconds(30), lease: String? = nil,
    _ body: (Metadata, CallOptions) async throws -> Result
  ) async throws -> Result {
    var metadata: Metadata = ["containerd-namespace": "\(namespace)"]
    if let lease { metadata.addString(lease, forKey: "containerd-lease") }
    var options = CallOptions.defaults
    options.timeout = timeout
    options.waitForReady = true
    options.maxRequestMessageBytes = Self.messageLimit
    options.maxResponseMessageBytes = Self.messageLimit
    logger.trace("containerd.call", metadata: ["action": "\(action())"])
    do {
      let result = try await body(metadata, options)
      logger.trace("containerd.answer", metadata: ["action": "\(action())"])
      return result
    } catch let error as RPCError {
      if Task.isCancelled { throw CancellationError() }
      throw WarrenError(error, action: action(), socketPath: socketPath)
    }
  }

  /// Makes a call that makes something, and waits for its end for a while also when the caller's task is cancelled: containerd may go on with
  /// it, and what is removed meanwhile would be made afterwards.
  /// - Throws: also `CancellationError`; then it may have been made.
  func making<Result: Sendable>(
    _ action: String, timeout: Duration? = .seconds(30), _ body: @escaping @Sendable (Metadata, CallOptions) async throws -> Result
  ) async throws -> Result {
    let result = try await Self.finishing { try await self.call(action, timeout: timeout, body) }
    try Task.checkCancellation()
    return result
  }

  /// Does something that a cancellation must not cut short; after `patience` it does, as containerd may be gone.
  static func finishing<Result: Sendable>(
    patience: Duration = .seconds(5), _ work: @escaping @Sendable () async throws -> Result
  ) async throws -> Result {
    try Task.checkCancellation()
    let task = Task { try await work() }
    return try await withTaskCancellationHandler {
      try await task.value
    } onCancel: {
      Task {
        try? await Task.sleep(for: patience)
        task.cancel()
      }
    }
  }

  /// Makes a call that removes something, as well as it can be done and whatever became of the caller's task.
  func cleanUp(_ action: String, _ body: @escaping @Sendable (Metadata, CallOptions) async throws -> Void) async {
    await Task { try? await call(action, timeout: .seconds(10), body) }.value
  }

  /// containerd's own version, such as `1.6.20~ds1` or `v2.1.4`.
  package func version(timeout: Duration = .seconds(5)) async throws -> String {
    try await call("tell its version", timeout: timeout) { metadata, options in
      try await Containerd_Services_Version_V1_Version.Client(wrapping: grpc)
        .version(Google_Protobuf_Empty(), metadata: metadata, options: options).version
    }
  }

  /// Does work that may take any time, for as long as containerd answers at all: one that hangs would keep it waiting for ever.
  ///
  /// - Throws: `WarrenError(.deadlineExceeded)` or `.unavailable` when it does not answer, and what `body` throws.
  package func whileAnswering<Result: Sendable>(
    first: Duration = .seconds(5), every interval: Duration = .seconds(5), within limit: Duration = .seconds(20),
    _ body: @escaping @Sendable () async throws -> Result
  ) async throws -> Result {
    _ = try await version(timeout: first)
    return try await withThrowingTaskGroup(of: Result?.self) { group in
      group.addTask { try await body() }
      group.addTask {
        while !Task.isCancelled {
          // A containerd that hangs sends nothing that could be waited for: it has to be asked now and then.
          try await Task.sleep(for: interval)
          _ = try await self.version(timeout: limit)
        }
        return nil
      }
      defer { group.cancelAll() }
      while let result = try await group.next() { if let result { return result } }
      throw CancellationError()
    }
  }

  /// Creates the namespace unless it is there.
  package func createNamespace() async throws {
    do {
      try await call("create the namespace \(namespace)") { metadata, options in
        let request = Containerd_Services_Namespaces_V1_CreateNamespaceRequest.with { $0.namespace.name = namespace }
        _ = try await Containerd_Services_Namespaces_V1_Namespaces.Client(wrapping: grpc).create(request, metadata: metadata, options: options)
      }
    } catch let error as WarrenError where error.code == .alreadyExists {
      return
    }
  }
}
