import NIOCore
import Raft
import RaftTransport
import SwiftProtobuf
import TestKit
import Testing

@Suite struct FrameTests {
  @Test func everyFrameSurvivesTheWire() throws {
    var frames = RandomFrames(seed: 1)
    for _ in 0..<3000 {
      let frame = frames.next()
      var buffer = ByteBuffer()
      try frame.write(to: &buffer)
      var splitter = FrameSplitter(limit: FrameLimits.frame)
      splitter.add(buffer)
      let first = try splitter.next()
      let bytes = try #require(first)
      let decoded = try Frame(bytes)
      #expect(decoded == frame)
    }
  }

  @Test func everyKindOfMessageTravelsButThoseOfTheDisk() throws {
    for kind in Message.Kind.allCases {
      var buffer = ByteBuffer()
      let frame = Frame.message(Message(kind, to: 1, from: 2, term: 3))
      if kind.isLocal {
        #expect(throws: FrameError.malformed) { try frame.write(to: &buffer) }
        continue
      }
      try frame.write(to: &buffer)
      buffer.moveReaderIndex(forwardBy: 4)
      #expect(try Frame(buffer) == frame)
    }
  }

  /// The numbers in the code are those of the protocol, under the same names.
  @Test func kindsHaveTheNumbersOfTheProtocol() {
    for kind in Message.Kind.allCases where !kind.isLocal {
      let wire = Warren_Raft_V1_Kind(rawValue: Int(kind.rawValue))
      #expect(wire.map { "\($0)" } == "\(kind)")
    }
    for refusal in Refusal.allCases { #expect(Warren_Raft_V1_Refusal(rawValue: refusal.rawValue).map { "\($0)" } == "\(refusal)") }
    for purpose in Purpose.allCases { #expect(Warren_Raft_V1_Purpose(rawValue: purpose.rawValue).map { "\($0)" } == "\(purpose)") }
  }

  @Test func framesAreFoundHoweverTheirBytesArrive() throws {
    var frames = RandomFrames(seed: 2)
    let sent = (0..<200).map { _ in frames.next() }
    var bytes = ByteBuffer()
    for frame in sent { try frame.write(to: &bytes) }
    var dice = SeededGenerator(seed: 3)
    var splitter = FrameSplitter(limit: FrameLimits.frame)
    var received: [Frame] = []
    while bytes.readableBytes > 0 {
      let length = min(bytes.readableBytes, .random(in: 1...300, using: &dice))
      if let part = bytes.readSlice(length: length) { splitter.add(part) }
      while let frame = try splitter.next() { received.append(try Frame(frame)) }
    }
    #expect(received == sent)
  }

  @Test func whatIsTooLargeIsRefusedByItsLengthAlone() {
    var splitter = FrameSplitter(limit: 1000)
    splitter.add(ByteBuffer(integer: UInt32(1001)))
    #expect(throws: FrameError.tooLarge) { try splitter.next() }
  }

  @Test func entriesMustBeWhereAnAppendHasThem() {
    var buffer = ByteBuffer()
    let message = Message(.append, to: 1, from: 2, term: 3, index: 10, entries: [Entry(term: 3, index: 12)])
    #expect(throws: FrameError.malformed) { try Frame.message(message).write(to: &buffer) }
    #expect(buffer.readableBytes == 0)
  }

  @Test func bombsAreRefused() throws {
    var message = Warren_Raft_V1_Message()
    message.kind = .append
    // More entries than there may be, all of them empty: a small frame that would take much memory.
    message.entryTerms = Array(repeating: 1, count: FrameLimits.entries + 1)
    message.entryKinds = Array(repeating: 1, count: FrameLimits.entries + 1)
    message.entrySizes = Array(repeating: 0, count: FrameLimits.entries + 1)
    #expect(throws: FrameError.beyondLimits) { try Self.decode(message) }
    // Sizes that promise more than there is.
    message.entryTerms = [1, 1]
    message.entryKinds = [1, 1]
    message.entrySizes = [.max, .max]
    #expect(throws: FrameError.malformed) { try Self.decode(message) }
    message.entrySizes = [0]
    #expect(throws: FrameError.malformed) { try Self.decode(message) }
  }

  @Test func numbersThatNoLogReachesAreRefused() throws {
    for path in [\Warren_Raft_V1_Message.term, \.logTerm, \.index, \.commit, \.rejectHint, \.from, \.to] {
      var message = Warren_Raft_V1_Message()
      message.kind = .heartbeat
      message[keyPath: path] = FrameLimits.number
      #expect(throws: FrameError.beyondLimits) { try Self.decode(message) }
    }
    var message = Warren_Raft_V1_Message()
    message.kind = .UNRECOGNIZED(99)
    #expect(throws: FrameError.unknown) { try Self.decode(message) }
    message.kind = .init(rawValue: Int(Message.Kind.storageAppendResponse.rawValue)) ?? .unspecified
    #expect(throws: FrameError.unknown) { try Self.decode(message) }
  }

  private static func decode(_ message: Warren_Raft_V1_Message) throws -> Frame {
    var frame = Warren_Raft_V1_Frame()
    frame.message = message
    let head: [UInt8] = try frame.serializedBytes()
    var buffer = ByteBuffer(integer: UInt32(head.count))
    buffer.writeBytes(head)
    return try Frame(buffer)
  }
}
