/// What a manager asks of the node a task runs on, beyond assignments: logs, exec, images.
///
/// The worker implements it; on one node the manager calls it directly, across nodes it will go over the network.
package protocol NodeOperations: Sendable {
  /// Log lines of one task, oldest first; with `follow` the stream stays open until the task is gone or the reader stops.
  func logs(of task: TaskID, _ query: LogQuery) async throws -> AsyncThrowingStream<LogLine, any Error>
  /// Runs a command in a running task. The stream ends after `.exit`.
  func exec(in task: TaskID, _ command: ExecCommand, input: AsyncStream<ExecInput>) async throws -> AsyncThrowingStream<ExecOutput, any Error>

  func listImages() async throws -> [NodeImage]
  /// Reads an OCI layout or `docker save` archive (tar, optionally gzip or zstd).
  func loadImages(_ archive: AsyncThrowingStream<[UInt8], any Error>) async throws -> [NodeImage]
  func pullImage(_ reference: String) async throws -> AsyncThrowingStream<PullProgress, any Error>
  /// Removes images that no task of this node uses. Returns the references removed and the bytes freed: of their
  /// content, and of what was unpacked from it.
  func pruneImages() async throws -> (references: [String], freedBytes: Int64)
}

package struct LogQuery: Sendable, Equatable {
  package var follow: Bool
  /// Lines from the end; nil means all.
  package var tail: Int?
  package var since: Timestamp?

  package init(follow: Bool = false, tail: Int? = nil, since: Timestamp? = nil) {
    self.follow = follow
    self.tail = tail
    self.since = since
  }
}

package struct LogLine: Sendable, Equatable {
  package enum Stream: UInt8, Sendable { case stdout = 1, stderr }

  package var at: Timestamp
  package var stream: Stream
  /// Without its line feed; any bytes.
  package var bytes: [UInt8]

  package init(at: Timestamp, stream: Stream, bytes: [UInt8]) {
    self.at = at
    self.stream = stream
    self.bytes = bytes
  }
}

package struct ExecCommand: Sendable, Equatable {
  package var arguments: [String]
  package var env: [String] = []
  package var workingDirectory = ""
  package var user = ""
  package var tty = false
  package var size: TerminalSize?

  package init(arguments: [String]) { self.arguments = arguments }
}

package struct TerminalSize: Sendable, Equatable {
  package var columns: UInt32
  package var rows: UInt32

  package init(columns: UInt32, rows: UInt32) {
    self.columns = columns
    self.rows = rows
  }
}

package enum ExecInput: Sendable, Equatable {
  case stdin([UInt8])
  case resize(TerminalSize)
  case stdinClosed
}

package enum ExecOutput: Sendable, Equatable {
  case stdout([UInt8])
  case stderr([UInt8])
  case exit(Int32)
}

package struct NodeImage: Sendable, Equatable {
  package var reference: String
  package var digest: String
  package var sizeBytes: Int64
  package var createdAt: Timestamp
  package var inUse: Bool

  package init(reference: String, digest: String, sizeBytes: Int64, createdAt: Timestamp, inUse: Bool = false) {
    self.reference = reference
    self.digest = digest
    self.sizeBytes = sizeBytes
    self.createdAt = createdAt
    self.inUse = inUse
  }
}

package struct PullProgress: Sendable, Equatable {
  package var message: String
  package var doneBytes: Int64
  package var totalBytes: Int64
  /// Set on the last one.
  package var image: NodeImage?

  package init(message: String, doneBytes: Int64 = 0, totalBytes: Int64 = 0, image: NodeImage? = nil) {
    self.message = message
    self.doneBytes = doneBytes
    self.totalBytes = totalBytes
    self.image = image
  }
}
