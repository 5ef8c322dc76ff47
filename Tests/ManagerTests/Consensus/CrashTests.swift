import ClusterModel
import Foundation
import Glibc
import HashTreeCollections
import RaftStorage
import TestKit
import Testing

@testable import Manager

/// Processes that die in the middle of writing. What they acknowledged must be there.
@Suite(.serialized) struct CrashTests {
  private func names(_ scratch: ScratchStore) async throws -> Set<String> {
    let (store, log) = try await scratch.open()
    let names = Set(store.view.services.map(\.spec.name))
    try await log.close()
    return names
  }

  @Test func killedAtRandomMoments() async throws {
    var generator = SeededGenerator(seed: 5)
    let scratch = ScratchStore()
    let directory = scratch.directory
    var acknowledged: Set<String> = []
    for round in 0..<12 {
      let count = Int.random(in: 1...150, using: &generator)
      let wait = UInt32.random(in: 0..<3000, using: &generator)
      acknowledged.formUnion(
        try await onOwnThread {
          let writer = try StoreWriterProcess(dataDirectory: directory, prefix: "r\(round)")
          #expect(writer.read(until: count))
          // Not a wait for anything: it moves the moment of death away from the acknowledgement.
          usleep(wait)
          writer.killAndReadTheRest()
          return writer.acknowledged
        })
      let found = try await names(scratch)
      #expect(acknowledged.subtracting(found).isEmpty)
      // Beyond those, only what was on its way when the process died: one a writer.
      #expect(found.count - acknowledged.count <= 4 * (round + 1))
    }
  }

  /// A process that is stopped is at some moment of its work, as a power loss would find it; one that is not goes on while it is copied.
  @Test(arguments: [true, false]) func copiesTakenInFlight(stopped: Bool) async throws {
    let scratch = ScratchStore()
    let directory = scratch.directory
    let images = try await onOwnThread {
      let writer = try StoreWriterProcess(dataDirectory: directory, prefix: "c")
      defer { writer.killAndReadTheRest() }
      return try (0..<15).map { number in
        #expect(writer.read(until: writer.acknowledged.count + 40))
        if stopped { writer.process.send(SIGSTOP) }
        defer { writer.process.send(SIGCONT) }
        return try copyLog(from: directory, to: directory + "-copy-\(number)") {
          writer.readAvailable()
          return writer.acknowledged
        }
      }
    }
    for (number, acknowledged) in images.enumerated() {
      let image = ScratchStore(directory: directory + "-copy-\(number)")
      #expect(acknowledged.subtracting(try await names(image)).isEmpty)
    }
  }

  @Test func secondProcessIsRefused() async throws {
    let scratch = ScratchStore()
    let directory = scratch.directory
    let writer = try StoreWriterProcess(dataDirectory: directory, prefix: "c")
    #expect(writer.read(until: 1))
    let error = await #expect(throws: WarrenError.self) { try await scratch.open() }
    #expect(error?.code == .failedPrecondition)
    #expect(error?.message.contains("process \(writer.process.pid)") == true)
    writer.killAndReadTheRest()
    #expect(try await names(scratch).isSuperset(of: writer.acknowledged))
  }

  /// After a failed sync nothing more is acknowledged and the process ends; a new one has all that was acknowledged.
  @Test func failedSyncEndsTheProcess() async throws {
    let scratch = ScratchStore()
    let directory = scratch.directory
    let (acknowledged, words, exit) = try await onOwnThread {
      let syncs = try FailingSyncs()
      let writer = try StoreWriterProcess(dataDirectory: directory, prefix: "f", environment: syncs.environment)
      #expect(writer.read(until: 10))
      syncs.fail()
      let words = writer.waitUntilExit()
      return (writer.acknowledged, words, writer.process.wait())
    }
    #expect(exit != .code(0))
    #expect(words.contains("syncing"), "\(words)")
    #expect(acknowledged.count >= 10)
    #expect(try await names(scratch).isSuperset(of: acknowledged))
  }
}

/// Copies database and write-ahead log one after the other, until they are as a power loss could have left them: the write-ahead log was not
/// begun anew meanwhile, and no frame was read half written together with later ones.
private func copyLog(from source: String, to target: String, acknowledged: () -> Set<String>) throws -> Set<String> {
  let (from, to) = (LogLocation(dataDirectory: source), LogLocation(dataDirectory: target))
  while true {
    try? FileManager.default.removeItem(atPath: target)
    try FileManager.default.createDirectory(atPath: to.directory, withIntermediateDirectories: true)
    let header = FileHandle(forReadingAtPath: from.database + "-wal")?.readData(ofLength: 32)
    let promised = acknowledged()
    try FileManager.default.copyItem(atPath: from.database, toPath: to.database)
    try FileManager.default.copyItem(atPath: from.database + "-wal", toPath: to.database + "-wal")
    let copy = try Array(Data(contentsOf: URL(fileURLWithPath: to.database + "-wal")))
    let now = try Array(Data(contentsOf: URL(fileURLWithPath: from.database + "-wal")))
    if copy.prefix(32).elementsEqual(header ?? Data()), isLikeAfterPowerLoss(copy, now) { return promised }
  }
}

/// Whether a copy of a write-ahead log ends at the first frame that was written after it was read.
/// Format: https://www.sqlite.org/fileformat2.html#the_write_ahead_log
private func isLikeAfterPowerLoss(_ copy: [UInt8], _ now: [UInt8]) -> Bool {
  guard copy.count > 32 else { return true }
  let frame = 24 + copy[8..<12].reduce(0) { $0 << 8 | Int($1) }
  let salt = copy[16..<24]
  let starts = Array(stride(from: 32, to: copy.count - frame + 1, by: frame))
  guard let first = starts.first(where: { now.count < $0 + frame || copy[$0..<$0 + frame] != now[$0..<$0 + frame] }) else { return true }
  return starts.allSatisfy { $0 <= first || copy[$0 + 8..<$0 + 16] != salt }
}
