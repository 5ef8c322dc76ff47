import Raft

/// What a `LogStorage` is to hold, in the plainest form.
struct LogModel: Equatable {
  var hardState = HardState()
  var snapshotIndex: LogIndex = 0
  var snapshotData: [UInt8]?
  /// From 1 on; those in the snapshot are left out by `entries`.
  var log: [LogIndex: Entry] = [:]

  var entries: [Entry] { log.values.filter { $0.index > snapshotIndex }.sorted { $0.index < $1.index } }
  var lastIndex: LogIndex { entries.last?.index ?? snapshotIndex }

  mutating func take(_ entry: Entry) {
    log = log.filter { $0.key < entry.index }
    log[entry.index] = entry
  }

  mutating func take(_ write: LogWrite) {
    if let state = write.hardState { hardState = HardState(term: state.term, vote: state.vote, commit: max(state.commit, hardState.commit)) }
    for entry in write.entries { take(entry) }
  }

  /// All states that a crash in the middle of a batch may leave: after each of its writes, in their order.
  func stages(of batch: [LogWrite]) -> [LogModel] {
    var model = self
    var stages = [model]
    for write in batch {
      if write.hardState != nil {
        model.take(LogWrite(hardState: write.hardState))
        stages.append(model)
      }
      for entry in write.entries {
        model.take(entry)
        stages.append(model)
      }
    }
    return stages
  }

  /// What the storage says it holds, read like at a start.
  init(reading storage: any LogStorage) throws {
    hardState = storage.hardState
    snapshotIndex = storage.snapshot.index
    snapshotData = try storage.readSnapshot()?.data
    for entry in try storage.readEntries(after: snapshotIndex, byteLimit: .max) { log[entry.index] = entry }
  }

  init() {}

  /// The commit index is left out: after a crash it may be from before, and is learned again.
  func equals(_ other: LogModel, withCommit: Bool = true) -> Bool {
    (hardState.term, hardState.vote) == (other.hardState.term, other.hardState.vote) && (!withCommit || hardState.commit == other.hardState.commit)
      && snapshotIndex == other.snapshotIndex && snapshotData == other.snapshotData && entries == other.entries
  }
}
