package import GRPCCore

extension GRPCClient {
  /// Keeps the connections until the task is cancelled or a graceful shutdown begins; calls under way end first.
  ///
  /// The connections have a task of their own, which is never cancelled: a call that finds them gone that way waits for ever when its own task
  /// was cancelled before (grpc-swift-nio-transport 2.9.2, `GRPCChannel.enqueue`: on an idle channel nobody looks at the cancellation again).
  package func keepConnected() async {
    // A client that is stopped before it begins is no failure.
    let connections = Task { try? await runConnections() }
    await withTaskCancellationHandler {
      await connections.value
    } onCancel: {
      beginGracefulShutdown()
    }
  }
}
