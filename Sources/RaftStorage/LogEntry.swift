/// One entry of the log: indexes start at 1 and have no gaps.
package struct LogEntry: Sendable, Equatable {
  package enum Kind: UInt8, Sendable {
    /// A command for the state machine.
    case command = 1
  }

  package var index: UInt64
  /// The leader's term; 1 in a log that was never replicated.
  package var term: UInt64
  package var kind: Kind
  package var data: [UInt8]

  package init(index: UInt64, term: UInt64 = 1, kind: Kind = .command, data: [UInt8]) {
    self.index = index
    self.term = term
    self.kind = kind
    self.data = data
  }

  /// Of everything in the entry, so that a row that took another's place is noticed too.
  var checksum: UInt32 {
    var checksum = CRC32C()
    checksum.update(index)
    checksum.update(term)
    checksum.update(UInt64(kind.rawValue))
    checksum.update(data)
    return checksum.value
  }
}
