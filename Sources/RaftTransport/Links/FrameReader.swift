import Glibc
import NIOCore

/// Frames from the bytes of one connection.
struct FrameReader {
  private var splitter: FrameSplitter

  init(limit: Int) { splitter = FrameSplitter(limit: limit) }

  /// Once it is known who is there.
  mutating func trust() { splitter.limit = FrameLimits.frame }

  mutating func add(_ bytes: ByteBuffer) { splitter.add(bytes) }

  /// Nil when more bytes are needed.
  /// - Throws: `.unknown` for a frame that was left out; anything else means that the connection must end.
  mutating func next() throws(FrameError) -> Frame? {
    guard let bytes = try splitter.next() else { return nil }
    return try Frame(bytes)
  }
}

extension IOError {
  /// Whether the other side was not heard of, in contrast to one that closed the connection.
  var isSilence: Bool { [ETIMEDOUT, EHOSTUNREACH, ENETUNREACH, EHOSTDOWN, ENETDOWN].contains(errnoCode) }
}
