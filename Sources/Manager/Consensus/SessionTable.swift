import Raft

/// Which proposals were applied already, so that one that is repeated because its outcome was unknown happens once (Raft thesis, 6.3).
///
/// A session is one run of one manager; it numbers its proposals and says with each which of them it still waits for. Part of the replicated
/// state: the same on every member after the same entries.
struct SessionTable: Sendable, Equatable {
  struct Session: Sendable, Equatable {
    /// Everything before it is settled.
    var floor: UInt64 = 1
    /// Applied, at or after `floor`.
    var applied: Set<UInt64> = []
    var lastUsed: LogIndex = 0
  }

  /// Sessions of managers that are gone are forgotten by the longest unused first.
  static let limit = 256

  private(set) var sessions: [UInt64: Session] = [:]

  /// Whether the proposal is to be applied: it was not before.
  mutating func admit(_ envelope: ProposalEnvelope, at index: LogIndex) -> Bool {
    let isNew = sessions[envelope.session, default: Session()].admit(envelope, at: index)
    if sessions.count > Self.limit, let oldest = sessions.min(by: { $0.value.lastUsed < $1.value.lastUsed }) { sessions[oldest.key] = nil }
    return isNew
  }
}

extension SessionTable.Session {
  mutating func admit(_ envelope: ProposalEnvelope, at index: LogIndex) -> Bool {
    lastUsed = index
    if envelope.floor > floor {
      if envelope.floor - floor < UInt64(applied.count) {
        for settled in floor..<envelope.floor { applied.remove(settled) }
      } else {
        applied = applied.filter { $0 >= envelope.floor }
      }
      floor = envelope.floor
    }
    return envelope.sequence >= floor && applied.insert(envelope.sequence).inserted
  }
}

extension SessionTable {
  /// Whether it would not be applied any more.
  func isSettled(session id: UInt64, sequence: UInt64) -> Bool {
    guard let session = sessions[id] else { return false }
    return sequence < session.floor || session.applied.contains(sequence)
  }
}

/// In a snapshot: the number of sessions, and of each its number, floor, last use, and how many proposals follow with their numbers.
extension SessionTable {
  var bytes: [UInt8] {
    var numbers = [UInt64(sessions.count)]
    for (id, session) in sessions.sorted(by: { $0.key < $1.key }) {
      numbers += [id, session.floor, session.lastUsed, UInt64(session.applied.count)] + session.applied.sorted()
    }
    return numbers.flatMap(\.littleEndianBytes)
  }

  /// Nil when that is not what `bytes` makes.
  init?(bytes: some Collection<UInt8>) {
    var numbers = NumberReader(bytes)
    guard let count = numbers.next() else { return nil }
    for _ in 0..<min(count, UInt64(Self.limit)) {
      guard let id = numbers.next(), let floor = numbers.next(), let used = numbers.next(), let applied = numbers.next() else { return nil }
      var session = Session(floor: floor, lastUsed: used)
      for _ in 0..<applied {
        guard let sequence = numbers.next() else { return nil }
        session.applied.insert(sequence)
      }
      sessions[id] = session
    }
    guard numbers.isAtEnd, UInt64(sessions.count) == count else { return nil }
  }
}

/// Reads 8 bytes at a time, little endian.
struct NumberReader<Bytes: Collection<UInt8>> {
  private let bytes: Bytes
  private var position: Bytes.Index

  init(_ bytes: Bytes) {
    self.bytes = bytes
    position = bytes.startIndex
  }

  var isAtEnd: Bool { position == bytes.endIndex }
  var rest: Bytes.SubSequence { bytes[position...] }

  /// Nil when fewer than 8 bytes are left.
  mutating func next() -> UInt64? {
    guard let end = bytes.index(position, offsetBy: 8, limitedBy: bytes.endIndex) else { return nil }
    defer { position = end }
    return bytes[position..<end].enumerated().reduce(0) { $0 | UInt64($1.element) << UInt64(8 * $1.offset) }
  }
}

extension UInt64 {
  var littleEndianBytes: [UInt8] { stride(from: 0, to: 64, by: 8).map { UInt8(truncatingIfNeeded: self >> UInt64($0)) } }
}
