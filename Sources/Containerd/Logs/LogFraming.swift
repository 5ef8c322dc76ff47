import ClusterModel

/// Cuts one stream of a container's output into records.
struct LogFraming {
  /// A longer line is cut into several records.
  static let mostLineBytes = 64 << 10

  let stream: LogLine.Stream
  /// The start of a line whose end has not been read.
  private(set) var partial: [UInt8] = []

  init(stream: LogLine.Stream) { self.stream = stream }

  /// Appends the records that `bytes` complete to `output`.
  mutating func append(_ bytes: ArraySlice<UInt8>, time: [UInt8], to output: inout [UInt8]) {
    var rest = bytes
    while !rest.isEmpty {
      let room = Self.mostLineBytes - partial.count
      let reach = rest.prefix(room + 1)
      if let end = reach.firstIndex(of: UInt8(ascii: "\n")) {
        write(rest[rest.startIndex..<end], isComplete: true, time: time, to: &output)
        rest = rest[(end + 1)...]
      } else if rest.count > room {
        write(rest.prefix(room), isComplete: false, time: time, to: &output)
        rest = rest.dropFirst(room)
      } else {
        partial += rest
        return
      }
    }
  }

  /// Writes what is left without a line feed, when the stream has ended or has paused.
  mutating func flush(isComplete: Bool, time: [UInt8], to output: inout [UInt8]) {
    guard !partial.isEmpty else { return }
    write([], isComplete: isComplete, time: time, to: &output)
  }

  private mutating func write(_ bytes: ArraySlice<UInt8>, isComplete: Bool, time: [UInt8], to output: inout [UInt8]) {
    if partial.isEmpty {
      LogRecord.write(bytes, time: time, stream: stream, isComplete: isComplete, to: &output)
    } else {
      partial += bytes
      LogRecord.write(partial[...], time: time, stream: stream, isComplete: isComplete, to: &output)
      partial.removeAll(keepingCapacity: true)
    }
  }
}
