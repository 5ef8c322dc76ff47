import ClusterModel
package import NIOCore
import Raft
import SwiftProtobuf

extension Frame {
  /// Appends the frame. Payloads are copied once, into the buffer.
  /// - Throws: when no receiver would take it; nothing is appended then.
  package func write(to buffer: inout ByteBuffer) throws(FrameError) {
    let head: [UInt8]
    do { head = try wire().serializedBytes() } catch { throw .malformed }
    let length = 4 + head.count + payloadSize
    guard head.count <= FrameLimits.head, length <= FrameLimits.frame else { throw .tooLarge }
    buffer.reserveCapacity(minimumWritableBytes: 4 + length)
    buffer.writeInteger(UInt32(length))
    buffer.writeInteger(UInt32(head.count))
    buffer.writeBytes(head)
    switch self {
    case .message(let message): for entry in message.entries { buffer.writeBytes(entry.data) }
    case .chunk(_, let data): buffer.writeBytes(data)
    default: break
    }
  }

  private var payloadSize: Int {
    switch self {
    case .message(let message): message.entries.payloadSize
    case .chunk(_, let data): data.count
    default: 0
    }
  }

  private func wire() throws(FrameError) -> Warren_Raft_V1_Frame {
    var frame = Warren_Raft_V1_Frame()
    switch self {
    case .hello(let hello):
      frame.hello.version = hello.version
      frame.hello.clusterID = hello.cluster.rawValue
      frame.hello.from = hello.from.rawValue
      frame.hello.to = hello.to.rawValue
      frame.hello.purpose = .init(rawValue: hello.purpose.rawValue) ?? .unspecified
      frame.hello.address = hello.address?.description ?? ""
      frame.hello.founder = hello.founder
    case .welcome(let refusal):
      frame.welcome.refusal = refusal.flatMap { .init(rawValue: $0.rawValue) } ?? .none
    case .message(let message): frame.content = .message(try .init(message))
    case .offer(let message, let offer):
      frame.offer.message = try .init(message)
      frame.offer.metadata = .init(offer.metadata)
      frame.offer.size = UInt64(offer.size)
      frame.offer.chunkSize = UInt64(offer.chunkSize)
    case .answer(let chunk):
      frame.answer.wanted = chunk != nil
      frame.answer.firstChunk = UInt64(chunk ?? 0)
    case .chunk(let number, _): frame.chunk.number = UInt64(number)
    case .stored(let number): frame.stored.number = UInt64(number)
    case .end: frame.end = .init()
    }
    return frame
  }
}

extension Warren_Raft_V1_Message {
  init(_ message: Raft.Message) throws(FrameError) {
    // The numbers are the same: a test says so.
    guard !message.kind.isLocal, let kind = Warren_Raft_V1_Kind(rawValue: Int(message.kind.rawValue)) else { throw .malformed }
    guard message.entries.count <= FrameLimits.entries, message.context.count <= FrameLimits.context else { throw .beyondLimits }
    self.init()
    self.kind = kind
    to = message.to.rawValue
    from = message.from.rawValue
    term = message.term
    logTerm = message.logTerm
    index = message.index
    commit = message.commit
    isRejection = message.isRejection
    rejectHint = message.rejectHint
    isTransfer = message.isTransfer
    readPosition = message.readPosition
    if !message.context.isEmpty { context = .init(message.context) }
    guard !message.entries.isEmpty else { return }
    for (offset, entry) in message.entries.enumerated() where entry.index != message.entryIndex(offset) { throw .malformed }
    entryTerms = message.entries.map(\.term)
    entryKinds = message.entries.map { UInt32($0.kind.rawValue) }
    entrySizes = message.entries.map { UInt32($0.data.count) }
  }
}

extension Raft.Message {
  /// What the index of an entry follows from: an append's count on from the position before them, a proposal's have none yet.
  func entryIndex(_ offset: Int) -> LogIndex { kind == .append ? index &+ UInt64(offset) &+ 1 : 0 }
}

extension Warren_Raft_V1_SnapshotMetadata {
  init(_ metadata: SnapshotMetadata) {
    self.init()
    index = metadata.index
    term = metadata.term
    voters = metadata.configuration.voters.map(\.rawValue)
    votersOutgoing = metadata.configuration.votersOutgoing.map(\.rawValue)
    learners = metadata.configuration.learners.map(\.rawValue)
    learnersNext = metadata.configuration.learnersNext.map(\.rawValue)
    autoLeave = metadata.configuration.autoLeave
  }
}
