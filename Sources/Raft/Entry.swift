/// One entry of the replicated log.
package struct Entry: Hashable, Sendable {
  package enum Kind: UInt8, Sendable {
    /// A command for the state machine; empty for the one a new leader begins its term with.
    case command = 1
    /// A `ConfigurationChange` of one member without a transition: the form older clusters know.
    case singleChange = 2
    /// Any `ConfigurationChange`.
    case configurationChange = 3
  }

  package var term: Term
  package var index: LogIndex
  package var kind: Kind
  /// Shared, never copied on its way through the core.
  package var data: [UInt8]

  package init(term: Term = 0, index: LogIndex = 0, kind: Kind = .command, data: [UInt8] = []) {
    self.term = term
    self.index = index
    self.kind = kind
    self.data = data
  }

  package var position: LogPosition { LogPosition(term: term, index: index) }

  /// What the entry counts for against size limits: about its bytes on the wire.
  package var size: Int {
    4 + Self.varintSize(term) + Self.varintSize(index) + (data.isEmpty ? 0 : 1 + Self.varintSize(UInt64(data.count)) + data.count)
  }

  private static func varintSize(_ value: UInt64) -> Int { max(1, (64 - value.leadingZeroBitCount + 6) / 7) }
}

extension Collection<Entry> {
  package var totalSize: Int { reduce(0) { $0 + $1.size } }
  /// Bytes of the payloads alone.
  package var payloadSize: Int { reduce(0) { $0 + $1.data.count } }

  /// The longest beginning that fits into `limit`, but at least one entry.
  func limited(to limit: Int) -> SubSequence {
    guard var size = first?.size else { return self[...] }
    var end = index(after: startIndex)
    while end != endIndex {
      size += self[end].size
      if size > limit { break }
      end = index(after: end)
    }
    return self[..<end]
  }
}
