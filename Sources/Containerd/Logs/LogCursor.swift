import CLinux
import ClusterModel
import Glibc

/// One reader's position in a container's log files.
actor LogCursor {
  private static let chunk = 64 << 10
  /// A line joined from more records than this is handed out in parts.
  private static let mostJoinedBytes = 1 << 20
  private static let shortestPause = Duration.milliseconds(20)
  private static let longestPause = Duration.milliseconds(250)

  private let directory: String
  private let query: LogQuery
  private let finished: @Sendable () async -> Bool

  private var started = false
  private var ending = false
  private var descriptor: Int32 = -1
  private var inode: UInt64 = 0
  /// Read, but not yet a whole record.
  private var unparsed: [UInt8] = []
  private var partial: [LogLine.Stream: LogLine] = [:]
  private var lines: ArraySlice<LogLine> = []
  private var pause = shortestPause

  init(directory: String, query: LogQuery, finished: @escaping @Sendable () async -> Bool) {
    self.directory = directory
    self.query = query
    self.finished = finished
  }

  deinit {
    if descriptor >= 0 { close(descriptor) }
  }

  func next() async throws -> LogLine? {
    if !started {
      started = true
      start()
    }
    while true {
      if let line = lines.popFirst() { return line }
      if readChunk() || openNext() {
        pause = Self.shortestPause
      } else if !query.follow || ending {
        return takePartial()
      } else if await finished() {
        // What was written before it finished is still to be read.
        ending = true
      } else {
        try await Task.sleep(for: pause)
        pause = min(pause * 2, Self.longestPause)
      }
    }
  }

  private func start() {
    let position = query.tail.map { LogTail.position(directory: directory, lines: $0) } ?? LogTail.oldest(directory)
    guard let position else { return }
    open(position.index)
    if descriptor >= 0 { lseek(descriptor, off_t(position.offset), SEEK_SET) }
  }

  private func open(_ index: Int) {
    if descriptor >= 0 { close(descriptor) }
    unparsed = []
    descriptor = Glibc.open(LogFile.path(directory, index), O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return }
    var file = clinux_file()
    if clinux_fstat(descriptor, &file) { inode = file.inode }
  }

  /// - Returns: whether there was something to read.
  private func readChunk() -> Bool {
    guard descriptor >= 0 else { return false }
    var buffer = [UInt8](repeating: 0, count: Self.chunk)
    let count = read(descriptor, &buffer, Self.chunk)
    guard count > 0 else { return false }
    unparsed += buffer[..<count]
    guard let end = unparsed.lastIndex(of: UInt8(ascii: "\n")) else { return true }
    lines = ArraySlice(unparsed[..<end].split(separator: UInt8(ascii: "\n")).compactMap { LogRecord($0).flatMap(join) })
    unparsed.removeSubrange(...end)
    return true
  }

  /// At the end of a file that has been rotated away, goes on to the one after it.
  private func openNext() -> Bool {
    let files = LogTail.files(directory)
    guard let newest = files.last else { return false }
    if descriptor >= 0, newest.inode == inode { return false }
    // Rotation may have come between the last read and now.
    if readChunk() { return true }
    let position = files.firstIndex { $0.inode == inode }
    let next = descriptor >= 0 ? position.map { files[$0 + 1] } ?? files[0] : files[0]
    let before = inode
    open(next.index)
    return descriptor >= 0 && inode != before
  }

  private func join(_ record: LogRecord) -> LogLine? {
    var line = partial.removeValue(forKey: record.stream) ?? LogLine(at: record.at, stream: record.stream, bytes: [])
    line.bytes += record.bytes
    guard record.isComplete || line.bytes.count >= Self.mostJoinedBytes else {
      partial[record.stream] = line
      return nil
    }
    return isWanted(line) ? line : nil
  }

  private func takePartial() -> LogLine? {
    let line = partial.min { $0.value.at < $1.value.at }?.value
    if let line { partial[line.stream] = nil }
    return line.flatMap { isWanted($0) ? $0 : nil }
  }

  private func isWanted(_ line: LogLine) -> Bool { query.since.map { line.at >= $0 } ?? true }
}
