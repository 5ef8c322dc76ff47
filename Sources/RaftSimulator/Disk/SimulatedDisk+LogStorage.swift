package import Raft

/// The seam through which real members write, on this disk: each call is synced when it returns. The simulation starts members through it;
/// while they run it writes and syncs by itself, to have crashes in between.
extension SimulatedDisk: LogStorage {
  package enum Failure: Error, Hashable {
    case refused(LogWriteError)
    case damaged
    /// Not all of a snapshot is there.
    case incomplete
  }

  package var hardState: HardState { synced.hardState }
  package var lastIndex: LogIndex { synced.lastIndex }
  package var snapshot: LogSnapshotInfo { synced.snapshot?.info ?? LogSnapshotInfo(index: 0, term: 0, configuration: ConfigurationState(), size: 0) }

  package func readEntries(after index: LogIndex, byteLimit: Int) throws(Failure) -> [Entry] {
    if isDamaged { throw .damaged }
    var size = 0
    return Array(
      synced.entries.drop { $0.index <= index }.prefix { entry in
        defer { size += entry.data.count }
        return size < byteLimit
      })
  }

  /// Entries before the snapshot may be there as well.
  package func stableLog() throws(Failure) -> StableLog {
    if isDamaged { throw .damaged }
    return StableLog(
      base: LogPosition(term: synced.compactedTerm, index: synced.compactedIndex), entries: synced.entries, snapshot: synced.snapshot)
  }

  package func write(_ batch: [LogWrite]) throws(Failure) {
    try stage(batch)
    sync()
  }

  /// Writes without syncing.
  package func stage(_ batch: [LogWrite]) throws(Failure) {
    try refusing { () throws(LogWriteError) in
      _ = try LogChange(batch, to: written.hardState, snapshot: written.snapshot?.metadata.index ?? 0, last: written.lastIndex)
    }
    for new in batch {
      let state = try refusing { () throws(LogWriteError) in
        try new.hardState.map { state throws(LogWriteError) in try written.hardState.followed(by: state) }
      }
      write(DiskWrite(hardState: state, entries: new.entries))
    }
  }

  private func sync(_ new: DiskWrite? = nil) {
    if let new { write(new) }
    beginSync()
    _ = endSync()
  }

  private func refusing<Result>(_ check: () throws(LogWriteError) -> Result) throws(Failure) -> Result {
    do { return try check() } catch { throw .refused(error) }
  }

  // MARK: Snapshots

  package func readSnapshot() throws(Failure) -> (info: LogSnapshotInfo, data: [UInt8])? {
    if isDamaged { throw .damaged }
    return synced.snapshot.map { ($0.info, $0.data) }
  }

  package func readSnapshotChunk(_ number: Int, of info: LogSnapshotInfo) throws(Failure) -> [UInt8] {
    if isDamaged { throw .damaged }
    if let snapshot = synced.snapshot, snapshot.info == info, 0..<info.chunks ~= number { return Array(snapshot.data[info.range(ofChunk: number)]) }
    guard let chunk = synced.parts.chunks[info.index]?[number] else { throw .incomplete }
    return chunk
  }

  package func writeSnapshotChunk(_ number: Int, _ data: [UInt8], of info: LogSnapshotInfo) throws(Failure) {
    try refusing { () throws(LogWriteError) in try info.check(data, asChunk: number, newest: snapshot.index) }
    changeParts { $0.chunks[info.index, default: [:]][number] = data }
  }

  package func adoptSnapshot(_ info: LogSnapshotInfo) throws(Failure) {
    try refusing { () throws(LogWriteError) in
      guard snapshot.index < info.index, info.index <= lastIndex else { throw .misplacedSnapshot(info.index) }
    }
    sync(DiskWrite(compaction: .init(snapshot: try assemble(info), through: info.index)))
  }

  package func receiveSnapshot(_ info: LogSnapshotInfo) throws(Failure) -> Int {
    guard info.index > snapshot.index else { throw .refused(.misplacedSnapshot(info.index)) }
    if synced.parts.incoming == info { return synced.parts.count(of: info) }
    changeParts {
      $0.incoming = info
      // Of the same entry, but of something else.
      $0.chunks[info.index] = nil
    }
    return 0
  }

  package func incomingSnapshot() -> LogSnapshotInfo? { synced.parts.incoming }

  package func installSnapshot(_ info: LogSnapshotInfo, hardState new: HardState) throws(Failure) {
    let state = try refusing { () throws(LogWriteError) in
      guard info.index > max(snapshot.index, hardState.commit) else { throw .misplacedSnapshot(info.index) }
      return try hardState.followed(by: new)
    }
    let received: Snapshot
    do throws(Failure) { received = try assemble(info) } catch {
      changeParts { $0.incoming = nil }
      throw error
    }
    var parts = synced.parts
    parts.incoming = nil
    sync(DiskWrite(hardState: state, snapshot: received, parts: parts))
  }

  package func removeStaleChunk(keeping others: Set<LogIndex>) -> Bool {
    let kept = others.union([synced.parts.incoming?.index ?? 0])
    guard let index = synced.parts.chunks.keys.first(where: { !kept.contains($0) }) else { return false }
    changeParts { $0.chunks[index] = nil }
    return true
  }

  private func assemble(_ info: LogSnapshotInfo) throws(Failure) -> Snapshot {
    guard synced.parts.count(of: info) == info.chunks else { throw .incomplete }
    return Snapshot(metadata: info.metadata, data: (0..<info.chunks).flatMap { synced.parts.chunks[info.index]?[$0] ?? [] })
  }

  private func changeParts(_ change: (inout DiskContents.SnapshotParts) -> Void) {
    var parts = synced.parts
    change(&parts)
    sync(DiskWrite(parts: parts))
  }
}

extension DiskContents.SnapshotParts {
  /// How many there are without a gap, from the first on.
  fileprivate func count(of info: LogSnapshotInfo) -> Int { (0..<info.chunks).prefix { chunks[info.index]?[$0] != nil }.count }
}

extension Snapshot {
  fileprivate var info: LogSnapshotInfo {
    LogSnapshotInfo(index: metadata.index, term: metadata.term, configuration: metadata.configuration, size: data.count)
  }
}
