import GRPCSupport
import NIOCore
import NIOEmbedded
import Testing

struct PingShieldTests {
  private static let preface = Array("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".utf8)
  private static let data: [UInt8] = [0, 0, 3, 0, 1, 0, 0, 0, 1, 7, 8, 9]
  private static func ping(_ value: UInt8, flags: UInt8 = 0) -> [UInt8] { [0, 0, 8, 6, flags, 0, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, value] }

  /// What gets through, and what is answered, when `bytes` arrive in pieces of `size`.
  private func send(_ bytes: [UInt8], inPiecesOf size: Int, server: Bool, limit: Int = 100) throws -> (through: [UInt8], answers: [UInt8]) {
    let channel = EmbeddedChannel(handler: PingShield(server: server, limit: limit))
    for start in stride(from: 0, to: bytes.count, by: size) {
      try channel.writeInbound(ByteBuffer(bytes: bytes[start..<min(start + size, bytes.count)]))
    }
    var (through, answers): ([UInt8], [UInt8]) = ([], [])
    while let buffer = try channel.readInbound(as: ByteBuffer.self) { through += Array(buffer.readableBytesView) }
    while let buffer = try channel.readOutbound(as: ByteBuffer.self) { answers += Array(buffer.readableBytesView) }
    _ = try channel.finish()
    return (through, answers)
  }

  @Test(arguments: [1, 2, 9, 16, 17, 18, 1000])
  func pingsAreAnsweredAndHiddenHoweverTheBytesArrive(pieces: Int) throws {
    let acknowledged = Self.ping(1, flags: 1)
    let frames = Self.ping(1) + Self.data + acknowledged + Self.ping(2) + Self.data
    let expected = Self.data + acknowledged + Self.data
    let client = try send(frames, inPiecesOf: pieces, server: false)
    #expect(client.through == expected)
    #expect(client.answers == Self.ping(1, flags: 1) + Self.ping(2, flags: 1))
    let server = try send(Self.preface + frames, inPiecesOf: pieces, server: true)
    #expect(server.through == Self.preface + expected)
    #expect(server.answers == client.answers)
  }

  @Test func aFloodIsLeftToTheHandlerBehind() throws {
    let (through, answers) = try send((0..<5).flatMap { Self.ping($0) }, inPiecesOf: 10, server: false, limit: 3)
    #expect(answers == (0..<3).flatMap { Self.ping($0, flags: 1) })
    #expect(through == (3..<5).flatMap { Self.ping($0) })
  }
}
