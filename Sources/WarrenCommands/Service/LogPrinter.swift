import GRPCCore
import WarrenAPI

/// Prints log lines: what a container wrote to its standard error goes to ours.
struct LogPrinter: Sendable {
  let format: OutputFormat
  let timestamps: Bool
  /// Start each line with the name of its task.
  let prefix: Bool

  /// How long a daemon may be away before following ends.
  private static let patience = Duration.seconds(60)

  /// Following goes on across a restart of the daemon.
  func print(_ request: Warren_V1_ServiceLogsRequest, _ options: GlobalOptions) async throws {
    if request.follow { Terminal.endWithReader() }
    let position = LogPosition()
    while true {
      do {
        return try await options.withClient { try await stream(position.resumed(request), $0, options.streamOptions, position) }
      } catch let error where request.follow && ErrorKind(error) == .unavailable {
        guard let heard = position.heard, ContinuousClock.now - heard < Self.patience else { throw error }
        // A daemon that restarts is back in less than a second; asking more often would only keep it from that.
        try await Task.sleep(for: .milliseconds(300))
      }
    }
  }

  private func stream(
    _ request: Warren_V1_ServiceLogsRequest, _ client: WarrenClient, _ options: CallOptions, _ position: LogPosition
  ) async throws {
    try await client.stream { stub in
      try await stub.serviceLogs(request, options: options) { response in
        // Not only now: the connection may be lost after hours.
        defer { if case .success = response.accepted { position.hear() } }
        for try await entry in response.messages where position.advance(to: entry) {
          Terminal.write(bytes: try line(entry), to: entry.stream == .stderr && format == .table ? .error : .output)
        }
      }
    }
  }

  /// The container's bytes as they are: they need not be text.
  func line(_ entry: Warren_V1_LogEntry) throws -> [UInt8] {
    guard format == .table else { return Array(try Output.renderItem(entry, text: "", format: format).utf8) }
    let task = entry.slot > 0 ? "\(entry.serviceName).\(entry.slot)" : "\(entry.serviceName).\(entry.nodeID)"
    let start = (prefix ? "\(task) | " : "") + (timestamps ? "\(TimeText.rfc3339(entry.at)) " : "")
    return Array(start.utf8) + Array(entry.line) + [UInt8(ascii: "\n")]
  }
}
