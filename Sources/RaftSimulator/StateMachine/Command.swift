/// What a client asks the replicated registers to do; the payload of an entry.
package struct Command: Equatable, Sendable {
  package var session: UInt64
  package var sequence: UInt64
  package var key: Int
  package var action: Operation.Action

  package init(session: UInt64, sequence: UInt64, key: Int, action: Operation.Action) {
    self.session = session
    self.sequence = sequence
    self.key = key
    self.action = action
  }

  /// 33 bytes: the kind of action, then four little-endian integers.
  package var bytes: [UInt8] {
    let (kind, value): (UInt8, UInt64) =
      switch action {
      case .put(let value): (1, value)
      case .add(let value): (2, value)
      case .get: (3, 0)
      }
    var bytes: [UInt8] = []
    bytes.reserveCapacity(33)
    bytes.append(kind)
    for word in [session, sequence, UInt64(key), value] {
      for shift in stride(from: UInt64(0), to: 64, by: 8) { bytes.append(UInt8(truncatingIfNeeded: word >> shift)) }
    }
    return bytes
  }

  /// Nil: not a command, such as the empty entry a new leader begins with.
  package init?(bytes: some Collection<UInt8>) {
    guard bytes.count == 33, let kind = bytes.first else { return nil }
    var words: [UInt64] = [0, 0, 0, 0]
    for (position, byte) in bytes.dropFirst().enumerated() { words[position / 8] |= UInt64(byte) << UInt64(position % 8 * 8) }
    switch kind {
    case 1: action = .put(words[3])
    case 2: action = .add(words[3])
    case 3: action = .get
    default: return nil
    }
    (session, sequence, key) = (words[0], words[1], Int(words[2]))
  }
}
