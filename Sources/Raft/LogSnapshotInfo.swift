/// What is known of a stored snapshot without reading it. The one at index 0 has no data: it says with whom the log begins.
package struct LogSnapshotInfo: Hashable, Sendable {
  /// The last entry that is in it, and that entry's term.
  package var index: LogIndex
  package var term: Term
  /// Who was a member as of `index`.
  package var configuration: ConfigurationState
  /// In bytes.
  package var size: Int
  package var chunks: Int

  package init(index: LogIndex, term: Term, configuration: ConfigurationState, size: Int) {
    self.index = index
    self.term = term
    self.configuration = configuration
    self.size = size
    chunks = (size + Self.chunkSize - 1) / Self.chunkSize
  }

  /// Small enough that writing one delays an entry by little.
  package static let chunkSize = 256 << 10

  package var metadata: SnapshotMetadata { SnapshotMetadata(index: index, term: term, configuration: configuration) }

  /// Where the number-th chunk is in the data.
  package func range(ofChunk number: Int) -> Range<Int> {
    let start = min(number * Self.chunkSize, size)
    return start..<min(start + Self.chunkSize, size)
  }

  /// - Throws: when a chunk is not one of this snapshot, or would be written into the newest one.
  package func check(_ data: [UInt8], asChunk number: Int, newest: LogIndex) throws(LogWriteError) {
    guard index != newest, 0..<chunks ~= number, data.count == range(ofChunk: number).count else { throw .wrongChunk(number, of: index) }
  }
}
