import NIOCore

/// One end of a connection for a snapshot.
struct SnapshotWire {
  let channel: any Channel
  private var frames: AsyncStream<Frame>.Iterator

  init(_ channel: any Channel, _ frames: AsyncStream<Frame>) {
    self.channel = channel
    self.frames = frames.makeAsyncIterator()
  }

  /// Returns when it is with the kernel.
  func send(_ frame: Frame) async throws {
    var buffer = ByteBuffer()
    try frame.write(to: &buffer)
    try await channel.writeAndFlush(buffer).get()
  }

  /// - Throws: `TransferFailure.connection` when there is none any more.
  mutating func next() async throws -> Frame {
    guard let frame = await frames.next(isolation: nil) else { throw TransferFailure.connection }
    return frame
  }
}

/// Why a snapshot did not arrive.
enum TransferFailure: Error {
  case connection
  /// The receiver does not want it.
  case refused
  /// Something else came than what the protocol has.
  case disorder
}
