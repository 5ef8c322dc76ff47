import ClusterModel
import NIOConcurrencyHelpers

/// A worker that runs nothing: logs, images and shells are what the test says, and what it was asked is kept.
final class FakeNode: NodeOperations {
  struct State {
    var logs: [TaskID: [LogLine]] = [:]
    var followers: [TaskID: AsyncThrowingStream<LogLine, any Error>.Continuation] = [:]
    var images: [NodeImage] = []
    var loadedBytes = 0
    var largestChunk = 0
    var commands: [(task: TaskID, command: ExecCommand)] = []
  }

  let state = NIOLockedValueBox(State())

  func setLog(of task: TaskID, _ lines: [LogLine]) { state.withLockedValue { $0.logs[task] = lines } }
  func append(to task: TaskID, _ line: LogLine) {
    state.withLockedValue {
      $0.logs[task, default: []].append(line)
      $0.followers[task]?.yield(line)
    }
  }
  func breakLog(of task: TaskID, _ error: WarrenError) { state.withLockedValue { $0.followers[task]?.finish(throwing: error) } }
  func endLog(of task: TaskID) { state.withLockedValue { $0.followers[task]?.finish() } }
  func isFollowed(_ task: TaskID) -> Bool { state.withLockedValue { $0.followers[task] != nil } }

  func logs(of task: TaskID, _ query: LogQuery) async throws -> AsyncThrowingStream<LogLine, any Error> {
    let (stream, continuation) = AsyncThrowingStream.makeStream(of: LogLine.self)
    try state.withLockedValue { state in
      guard let all = state.logs[task] else { throw WarrenError(.notFound, "no log of \(task)") }
      let lines = all.filter { line in query.since.map { line.at >= $0 } ?? true }.suffix(query.tail ?? .max)
      for line in lines { continuation.yield(line) }
      if query.follow { state.followers[task] = continuation } else { continuation.finish() }
    }
    return stream
  }

  /// An echo: what comes in goes out; ends with the number of bytes when the input is closed.
  func exec(in task: TaskID, _ command: ExecCommand, input: AsyncStream<ExecInput>) async throws -> AsyncThrowingStream<ExecOutput, any Error> {
    state.withLockedValue { $0.commands.append((task, command)) }
    if command.arguments == ["missing"] { throw WarrenError(.notFound, "no program missing in the image") }
    let (stream, continuation) = AsyncThrowingStream.makeStream(of: ExecOutput.self)
    let echo = Task {
      var count: Int32 = 0
      loop: for await part in input {
        switch part {
        case .stdin(let bytes):
          continuation.yield(.stdout(bytes))
          count += Int32(bytes.count)
        case .resize(let size): continuation.yield(.stderr(Array("\(size.columns)x\(size.rows)".utf8)))
        case .stdinClosed: break loop
        }
      }
      continuation.yield(.exit(count))
      continuation.finish()
    }
    continuation.onTermination = { _ in echo.cancel() }
    return stream
  }

  func listImages() async throws -> [NodeImage] { state.withLockedValue { $0.images } }

  func loadImages(_ archive: AsyncThrowingStream<[UInt8], any Error>) async throws -> [NodeImage] {
    for try await chunk in archive {
      state.withLockedValue {
        $0.loadedBytes += chunk.count
        $0.largestChunk = max($0.largestChunk, chunk.count)
      }
    }
    return [NodeImage(reference: "docker.io/library/web:latest", digest: "sha256:1", sizeBytes: 5, createdAt: .epoch)]
  }

  func pullImage(_ reference: String) async throws -> AsyncThrowingStream<PullProgress, any Error> {
    AsyncThrowingStream {
      $0.yield(PullProgress(message: "pulling", doneBytes: 1, totalBytes: 2))
      $0.yield(PullProgress(message: "done", image: NodeImage(reference: reference, digest: "sha256:2", sizeBytes: 2, createdAt: .epoch)))
      $0.finish()
    }
  }

  func pruneImages() async throws -> (references: [String], freedBytes: Int64) { (["b:1", "a:1"], 42) }
}
