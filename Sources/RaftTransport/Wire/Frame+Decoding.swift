import ClusterModel
package import NIOCore
import Raft
import SwiftProtobuf

extension Frame {
  /// Of what follows the length. Payloads are copied once, out of the buffer.
  /// - Throws: `.unknown` when only this frame must be left out; else nothing from this sender can be trusted.
  package init(_ bytes: ByteBuffer) throws(FrameError) {
    var bytes = bytes
    guard let length = bytes.readInteger(as: UInt32.self), length <= FrameLimits.head, let head = bytes.readBytes(length: Int(length)) else {
      throw .malformed
    }
    let frame: Warren_Raft_V1_Frame
    do { frame = try Warren_Raft_V1_Frame(serializedBytes: head) } catch { throw .malformed }
    self = try Frame(frame, &bytes)
    guard bytes.readableBytes == 0 else { throw .malformed }
  }

  private init(_ frame: Warren_Raft_V1_Frame, _ payload: inout ByteBuffer) throws(FrameError) {
    switch frame.content {
    case .hello(let hello):
      guard let purpose = Purpose(rawValue: hello.purpose.rawValue) else { throw .unknown }
      self = .hello(
        Hello(
          version: hello.version, cluster: ClusterID(hello.clusterID), from: MemberID(rawValue: hello.from), to: MemberID(rawValue: hello.to),
          purpose: purpose, address: HostPort(hello.address), founder: hello.founder))
    case .welcome(let welcome):
      if welcome.refusal == .none {
        self = .welcome(nil)
      } else if let refusal = Refusal(rawValue: welcome.refusal.rawValue) {
        self = .welcome(refusal)
      } else {
        throw .unknown
      }
    case .message(let message): self = .message(try Raft.Message(message, &payload))
    case .offer(let offer): self = try Self.offer(offer)
    case .answer(let answer): self = .answer(firstChunk: answer.wanted ? try Self.number(answer.firstChunk) : nil)
    case .chunk(let chunk):
      guard payload.readableBytes <= FrameLimits.chunk else { throw .beyondLimits }
      self = .chunk(try Self.number(chunk.number), payload.readBytes(length: payload.readableBytes) ?? [])
    case .stored(let stored): self = .stored(try Self.number(stored.number))
    case .end: self = .end
    case nil: throw .unknown
    }
  }

  private static func offer(_ wire: Warren_Raft_V1_SnapshotOffer) throws(FrameError) -> Frame {
    guard wire.size <= FrameLimits.snapshot, (1...UInt64(FrameLimits.chunk)).contains(wire.chunkSize) else { throw .beyondLimits }
    var none = ByteBuffer()
    var message = try Raft.Message(wire.message, &none)
    guard message.kind == .snapshot else { throw .malformed }
    let metadata = try SnapshotMetadata(wire.metadata)
    message.snapshot = Snapshot(metadata: metadata)
    return .offer(message, SnapshotOffer(metadata: metadata, size: Int(wire.size), chunkSize: Int(wire.chunkSize)))
  }

  /// Of a chunk.
  private static func number(_ wire: UInt64) throws(FrameError) -> Int {
    guard wire <= UInt64(FrameLimits.snapshot) else { throw .beyondLimits }
    return Int(wire)
  }
}

extension Raft.Message {
  init(_ wire: Warren_Raft_V1_Message, _ payload: inout ByteBuffer) throws(FrameError) {
    guard let kind = UInt8(exactly: wire.kind.rawValue).flatMap(Kind.init), !kind.isLocal else { throw .unknown }
    let numbers = [wire.to, wire.from, wire.term, wire.logTerm, wire.index, wire.commit, wire.rejectHint]
    guard numbers.allSatisfy({ $0 < FrameLimits.number }), wire.context.count <= FrameLimits.context else { throw .beyondLimits }
    self.init(
      kind, to: MemberID(rawValue: wire.to), from: MemberID(rawValue: wire.from), term: wire.term, logTerm: wire.logTerm, index: wire.index,
      commit: wire.commit, isRejection: wire.isRejection, rejectHint: wire.rejectHint, isTransfer: wire.isTransfer,
      readPosition: wire.readPosition, context: [UInt8](wire.context))
    if !wire.entryTerms.isEmpty { entries = try entries(of: wire, &payload) }
  }

  private func entries(of wire: Warren_Raft_V1_Message, _ payload: inout ByteBuffer) throws(FrameError) -> [Entry] {
    let count = wire.entryTerms.count
    guard count <= FrameLimits.entries else { throw .beyondLimits }
    guard kind == .append || kind == .propose, wire.entryKinds.count == count, wire.entrySizes.count == count else { throw .malformed }
    // Before anything is allocated: sizes that do not add up are not worth it.
    guard wire.entrySizes.reduce(UInt64(0), { $0 + UInt64($1) }) == UInt64(payload.readableBytes) else { throw .malformed }
    var entries: [Entry] = []
    entries.reserveCapacity(count)
    for offset in 0..<count {
      guard let number = UInt8(exactly: wire.entryKinds[offset]), let kind = Entry.Kind(rawValue: number) else { throw .unknown }
      guard wire.entryTerms[offset] < FrameLimits.number else { throw .beyondLimits }
      guard let data = payload.readBytes(length: Int(wire.entrySizes[offset])) else { throw .malformed }
      entries.append(Entry(term: wire.entryTerms[offset], index: entryIndex(offset), kind: kind, data: data))
    }
    return entries
  }
}

extension SnapshotMetadata {
  init(_ wire: Warren_Raft_V1_SnapshotMetadata) throws(FrameError) {
    let lists = [wire.voters, wire.votersOutgoing, wire.learners, wire.learnersNext]
    guard wire.index < FrameLimits.number, wire.term < FrameLimits.number, lists.allSatisfy({ $0.count <= FrameLimits.members }) else {
      throw .beyondLimits
    }
    let members = lists.map { MemberSet($0.map { MemberID(rawValue: $0) }) }
    self.init(
      index: wire.index, term: wire.term,
      configuration: ConfigurationState(
        voters: members[0], votersOutgoing: members[1], learners: members[2], learnersNext: members[3], autoLeave: wire.autoLeave))
  }
}
