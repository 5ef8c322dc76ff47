package import NIOCore

/// Finds the frames in what comes over a connection. Holds at most one incomplete frame.
package struct FrameSplitter {
  /// Of what is accepted, in bytes.
  package var limit: Int
  private var buffer = ByteBuffer()

  package init(limit: Int) { self.limit = limit }

  package mutating func add(_ bytes: ByteBuffer) {
    if buffer.readableBytes == 0 { buffer = bytes } else { buffer.writeImmutableBuffer(bytes) }
  }

  /// The next frame without its length; nil while it is incomplete.
  /// - Throws: `.tooLarge`. Nothing after that can be told apart.
  package mutating func next() throws(FrameError) -> ByteBuffer? {
    guard let length = buffer.getInteger(at: buffer.readerIndex, as: UInt32.self) else { return nil }
    guard length <= limit else { throw .tooLarge }
    guard buffer.readableBytes >= 4 + Int(length) else {
      buffer.discardReadBytes()
      return nil
    }
    buffer.moveReaderIndex(forwardBy: 4)
    defer { if buffer.readableBytes == 0 { buffer = ByteBuffer() } }
    return buffer.readSlice(length: Int(length))
  }
}
