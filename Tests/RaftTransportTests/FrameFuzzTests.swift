import NIOCore
import Raft
import RaftTransport
import TestKit
import Testing

/// Whatever comes is a frame or an error, never the end of the process; what is a frame can be sent on.
@Suite struct FrameFuzzTests {
  @Test func randomBytes() throws {
    var random = RandomFrames(seed: 11)
    for _ in 0..<20_000 { try decode(ByteBuffer(bytes: random.bytes(200))) }
  }

  @Test func mutatedFrames() throws {
    var random = RandomFrames(seed: 12)
    var dice = SeededGenerator(seed: 13)
    var understood = 0
    for _ in 0..<10_000 {
      var buffer = ByteBuffer()
      try random.next().write(to: &buffer)
      var bytes = [UInt8](buffer.readableBytesView.dropFirst(4))
      for _ in 0..<Int.random(in: 1...4, using: &dice) { mutate(&bytes, &dice) }
      if try decode(ByteBuffer(bytes: bytes)) { understood += 1 }
    }
    #expect(understood > 500, "mutations that are always garbage test little")
  }

  @Test func mutatedStreams() throws {
    var random = RandomFrames(seed: 14)
    var dice = SeededGenerator(seed: 15)
    for _ in 0..<2000 {
      var stream = ByteBuffer()
      for _ in 0..<5 { try random.next().write(to: &stream) }
      var bytes = [UInt8](stream.readableBytesView)
      mutate(&bytes, &dice)
      var splitter = FrameSplitter(limit: 100_000)
      splitter.add(ByteBuffer(bytes: bytes))
      while true {
        let frame: ByteBuffer?
        do { frame = try splitter.next() } catch { break }
        guard let frame else { break }
        try decode(frame)
      }
    }
  }

  @discardableResult
  private func decode(_ bytes: ByteBuffer) throws -> Bool {
    let frame: Frame
    do { frame = try Frame(bytes) } catch { return false }
    var buffer = ByteBuffer()
    try frame.write(to: &buffer)
    buffer.moveReaderIndex(forwardBy: 4)
    #expect(try Frame(buffer) == frame)
    return true
  }

  private func mutate(_ bytes: inout [UInt8], _ dice: inout SeededGenerator) {
    guard !bytes.isEmpty else { return }
    let place = Int.random(in: 0..<bytes.count, using: &dice)
    switch Int.random(in: 0..<6, using: &dice) {
    case 0: bytes[place] ^= 1 << UInt8.random(in: 0..<8, using: &dice)
    case 1: bytes[place] = .random(in: 0...255, using: &dice)
    case 2: bytes.removeLast(bytes.count - place)
    case 3: bytes.insert(.random(in: 0...255, using: &dice), at: place)
    case 4: bytes.remove(at: place)
    default: bytes.insert(contentsOf: bytes[place..<min(place + 20, bytes.count)], at: place)
    }
  }
}
