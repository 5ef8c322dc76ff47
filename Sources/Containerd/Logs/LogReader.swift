package import ClusterModel

/// Reads a container's log files while they are being written and rotated.
package struct LogReader: Sendable {
  /// As given to the container that writes it.
  package var directory: String

  package init(directory: String) { self.directory = directory }

  /// The lines asked for, oldest first. A folder without logs reads as empty.
  ///
  /// - Parameter finished: with `follow`, asked whenever the end is reached: true once nothing more will be written.
  package func lines(
    _ query: LogQuery, finished: @escaping @Sendable () async -> Bool = { false }
  ) -> AsyncThrowingStream<LogLine, any Error> {
    let cursor = LogCursor(directory: directory, query: query, finished: finished)
    return AsyncThrowingStream { try await cursor.next() }
  }
}
