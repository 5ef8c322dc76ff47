import ClusterModel

/// One line of a log file, in the format Kubernetes' tools read too:
/// `2026-01-31T23:59:59.123456789Z stdout F text`, where `P` instead of `F` means that the line goes on in the next record.
struct LogRecord: Hashable {
  static let headerLength = 40
  /// Where `F` or `P` stands.
  static let tagOffset = 38

  var at: Timestamp
  var stream: LogLine.Stream
  var isComplete: Bool
  var bytes: [UInt8]

  init(at: Timestamp, stream: LogLine.Stream, isComplete: Bool, bytes: [UInt8]) {
    self.at = at
    self.stream = stream
    self.isComplete = isComplete
    self.bytes = bytes
  }

  /// - Parameter line: without its line feed.
  /// - Returns: nil when it is no record: cut short or zeroed by a power failure.
  init?(_ line: some RandomAccessCollection<UInt8>) {
    let line = Array(line)
    guard line.count >= Self.headerLength, let at = Timestamp(logText: line[..<30]), line[30] == UInt8(ascii: " "),
      line[37] == UInt8(ascii: " "), line[39] == UInt8(ascii: " ")
    else { return nil }
    switch line[31..<37] {
    case ArraySlice("stdout".utf8): stream = .stdout
    case ArraySlice("stderr".utf8): stream = .stderr
    default: return nil
    }
    switch line[Self.tagOffset] {
    case UInt8(ascii: "F"): isComplete = true
    case UInt8(ascii: "P"): isComplete = false
    default: return nil
    }
    self.at = at
    bytes = Array(line[Self.headerLength...])
  }

  /// Appends the record and its line feed.
  static func write(_ bytes: ArraySlice<UInt8>, time: [UInt8], stream: LogLine.Stream, isComplete: Bool, to output: inout [UInt8]) {
    output += time
    output += stream == .stdout ? Self.stdoutMark : Self.stderrMark
    output.append(isComplete ? UInt8(ascii: "F") : UInt8(ascii: "P"))
    output.append(UInt8(ascii: " "))
    output += bytes
    output.append(UInt8(ascii: "\n"))
  }

  private static let stdoutMark = Array(" stdout ".utf8)
  private static let stderrMark = Array(" stderr ".utf8)
}
