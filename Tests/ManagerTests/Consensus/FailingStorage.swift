import ClusterModel
import NIOConcurrencyHelpers
import Raft
import RaftStorage

/// A log whose writes can be made to fail, before or after they are on the disk.
final class FailingStorage: MemberStorage {
  enum Fault {
    /// What was written is on the disk, or not: nobody knows.
    case sync(isWritten: Bool)
    case noRoom
  }

  private let log: LogDatabase
  private let fault = NIOLockedValueBox<Fault?>(nil)

  init(_ log: LogDatabase) { self.log = log }

  func fail(_ fault: Fault?) { self.fault.withLockedValue { $0 = fault } }

  private func writing(_ body: () throws(WarrenError) -> Void) throws(WarrenError) {
    switch fault.withLockedValue({ $0 }) {
    case nil: try body()
    case .noRoom: throw WarrenError(.resourceExhausted, "full")
    case .sync(let isWritten):
      if isWritten { try body() }
      throw WarrenError(.internalError, "syncing failed")
    }
  }

  var identity: LogIdentity { log.identity }
  var location: LogLocation { log.location }
  var hardState: HardState { log.hardState }
  var snapshot: LogSnapshotInfo { log.snapshot }
  var lastIndex: LogIndex { log.lastIndex }

  func readEntries(after index: LogIndex, byteLimit: Int) throws(WarrenError) -> [Entry] { try log.readEntries(after: index, byteLimit: byteLimit) }
  func write(_ batch: [LogWrite]) throws(WarrenError) { try writing { () throws(WarrenError) in try log.write(batch) } }
  func readSnapshot() throws(WarrenError) -> (info: LogSnapshotInfo, data: [UInt8])? { try log.readSnapshot() }
  func readSnapshotChunk(_ number: Int, of info: LogSnapshotInfo) throws(WarrenError) -> [UInt8] { try log.readSnapshotChunk(number, of: info) }
  func writeSnapshotChunk(_ number: Int, _ data: [UInt8], of info: LogSnapshotInfo) throws(WarrenError) {
    try writing { () throws(WarrenError) in try log.writeSnapshotChunk(number, data, of: info) }
  }
  func adoptSnapshot(_ info: LogSnapshotInfo) throws(WarrenError) { try writing { () throws(WarrenError) in try log.adoptSnapshot(info) } }
  func receiveSnapshot(_ info: LogSnapshotInfo) throws(WarrenError) -> Int { try log.receiveSnapshot(info) }
  func incomingSnapshot() throws(WarrenError) -> LogSnapshotInfo? { try log.incomingSnapshot() }
  func installSnapshot(_ info: LogSnapshotInfo, hardState: HardState) throws(WarrenError) {
    try writing { () throws(WarrenError) in try log.installSnapshot(info, hardState: hardState) }
  }
  func removeStaleChunk(keeping others: Set<LogIndex>) throws(WarrenError) -> Bool { try log.removeStaleChunk(keeping: others) }
  func checkpointIfNeeded() throws(WarrenError) { try log.checkpointIfNeeded() }
  func close() throws(WarrenError) { try log.close() }
}
