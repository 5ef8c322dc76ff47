import ClusterModel

/// Merges the logs of several tasks, each in the order of time, into one in the order of time.
struct LogMerge {
  private struct Source {
    var task: ClusterTask
    var iterator: AsyncThrowingStream<LogLine, any Error>.Iterator
    var head: LogLine
  }

  private var sources: [Source] = []

  mutating func add(_ task: ClusterTask, _ lines: AsyncThrowingStream<LogLine, any Error>) async throws {
    var iterator = lines.makeAsyncIterator()
    if let head = try await iterator.next() { sources.append(Source(task: task, iterator: iterator, head: head)) }
  }

  /// The oldest line not yet given out; of equals, the one of the task that was added first.
  mutating func next() async throws -> (task: ClusterTask, line: LogLine)? {
    guard let oldest = sources.indices.min(by: { sources[$0].head.at < sources[$1].head.at }) else { return nil }
    let (task, line) = (sources[oldest].task, sources[oldest].head)
    if let next = try await sources[oldest].iterator.next() {
      sources[oldest].head = next
    } else {
      sources.remove(at: oldest)
    }
    return (task, line)
  }
}
