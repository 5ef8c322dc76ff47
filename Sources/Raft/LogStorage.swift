/// The disk of one member as its owner sees it: the log, the newest snapshot, term and vote, and what there is of a snapshot that is on its way.
///
/// **Durable.** When a call that writes returns, a crash takes nothing of it. A crash during the call leaves everything from before and, of
/// this call, a beginning: its writes in their order, the hard state of each before its entries. Nothing is torn into something that counts.
///
/// **Errors.** What does not follow from what is there is refused, and what was damaged is not returned: both change nothing, and so does
/// having no room. After any other error nothing is known about what is on the disk, and the owner must end.
///
/// Calls that write come one at a time. `RaftStorage` keeps it in a database, `RaftSimulator` on a disk that can be made to fail; one suite
/// of tests holds both to this page (`LogStorageTests`).
package protocol LogStorage<Failure> {
  associatedtype Failure: Error

  var hardState: HardState { get }
  /// The newest one; that at index 0 has no data.
  var snapshot: LogSnapshotInfo { get }
  /// The index of the last entry, or of the snapshot when no entry follows it.
  var lastIndex: LogIndex { get }

  /// The entries that follow `index`, as many as fit into `byteLimit` and at least one; empty at the end of the log. `index` is not before the snapshot.
  func readEntries(after index: LogIndex, byteLimit: Int) throws(Failure) -> [Entry]

  /// What a member begins with when it starts: all entries from the newest compaction on.
  func stableLog() throws(Failure) -> StableLog

  /// Writes hard states and entries. Entries that take the place of others remove everything after those. Term and commit index never go
  /// back, a vote stays for its term, and what is committed is not replaced.
  func write(_ batch: [LogWrite]) throws(Failure)

  // MARK: Snapshots

  /// The whole newest snapshot; nil when there is none.
  func readSnapshot() throws(Failure) -> (info: LogSnapshotInfo, data: [UInt8])?

  func readSnapshotChunk(_ number: Int, of info: LogSnapshotInfo) throws(Failure) -> [UInt8]

  /// Keeps a part of a snapshot that may become the newest one. Until then it counts for nothing.
  func writeSnapshotChunk(_ number: Int, _ data: [UInt8], of info: LogSnapshotInfo) throws(Failure)

  /// Compaction: a snapshot of this log whose chunks are all there becomes the newest, and the entries in it go. Those after it stay.
  func adoptSnapshot(_ info: LogSnapshotInfo) throws(Failure)

  /// Begins to receive a snapshot from the leader, or goes on with it. What there is of another one that was being received is given up.
  /// - Returns: the number of the first chunk that is missing.
  func receiveSnapshot(_ info: LogSnapshotInfo) throws(Failure) -> Int

  /// What is being received, or was when the process ended.
  func incomingSnapshot() throws(Failure) -> LogSnapshotInfo?

  /// A snapshot from the leader whose chunks are all there takes the place of the whole log, together with the hard state.
  func installSnapshot(_ info: LogSnapshotInfo, hardState: HardState) throws(Failure)

  /// Removes one chunk that belongs neither to the newest snapshot nor to one being received, nor to one of `others`. False when there is none left.
  func removeStaleChunk(keeping others: Set<LogIndex>) throws(Failure) -> Bool

  /// To be called now and then after writes: puts in order what is better done seldom.
  func checkpointIfNeeded() throws(Failure)

  /// Nothing can be called after it.
  func close() throws(Failure)
}

extension LogStorage {
  package func stableLog() throws(Failure) -> StableLog {
    let metadata = snapshot.metadata
    return StableLog(
      base: LogPosition(term: metadata.term, index: metadata.index), entries: try readEntries(after: metadata.index, byteLimit: .max),
      snapshot: metadata.index > 0 ? Snapshot(metadata: metadata) : nil)
  }

  package func checkpointIfNeeded() throws(Failure) {}
  package func close() throws(Failure) {}
}
