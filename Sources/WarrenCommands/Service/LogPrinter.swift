import GRPCCore
import WarrenAPI

/// Prints log lines: what a container wrote to its standard error goes to ours.
struct LogPrinter: Sendable {
  let format: OutputFormat
  let timestamps: Bool
  /// Start each line with the name of its task.
  let prefix: Bool

  func print(_ request: Warren_V1_ServiceLogsRequest, _ options: GlobalOptions) async throws {
    try await options.withClient { client in
      try await client.stream { stub in
        try await stub.serviceLogs(request, options: options.streamOptions) { response in
          for try await entry in response.messages {
            Terminal.write(bytes: try line(entry), to: entry.stream == .stderr && format == .table ? .error : .output)
          }
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
