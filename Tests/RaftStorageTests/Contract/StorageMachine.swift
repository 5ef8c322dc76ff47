import ClusterModel
import Foundation
import GRDB
import Raft
import RaftSimulator
import SimulationEngine

@testable import RaftStorage

/// A storage, and what can happen to the machine around it.
protocol StorageMachine: AnyObject {
  var storage: any LogStorage { get }
  /// The process ends and another begins.
  func restart() throws
  /// Power fails while nothing is being written.
  func losePower() throws
  /// Power fails somewhere in the middle of writing a batch.
  func losePower(whileWriting batch: [LogWrite], dice: inout SeededGenerator) throws
  /// One bit of an entry that was synced turns over.
  func flipABit() throws
  func meaning(of error: any Error) -> StorageTrouble
}

enum StorageTrouble { case refused, damaged, unknown }

enum StorageKind: CaseIterable, Sendable {
  case database, simulatedDisk

  func machine() throws -> any StorageMachine {
    switch self {
    case .database: try DatabaseMachine()
    case .simulatedDisk: DiskMachine()
    }
  }
}

final class DatabaseMachine: StorageMachine {
  private var scratch: ScratchLog
  private var log: LogDatabase

  init() throws {
    scratch = ScratchLog()
    log = try scratch.create()
  }

  var storage: any LogStorage { log }

  func restart() throws {
    try log.close()
    log = try scratch.open()
  }

  func losePower() throws { try go(on: scratch.crashImage(mark: log.lastIndex)) }

  func losePower(whileWriting batch: [LogWrite], dice: inout SeededGenerator) throws {
    let before = (try size(), log.lastIndex)
    try log.write(batch)
    let kept = Int.random(in: before.0...(try size()), using: &dice)
    // The mark may be as old as from before the batch, but not speak of entries that the batch gave up.
    let lowest = batch.compactMap { $0.entries.first?.index }.min() ?? .max
    let image = try scratch.crashImage(mark: min(before.1, lowest - 1))
    try image.patch(image.location.writeAheadLog) { bytes in
      // Of the last transaction, the beginning is there, or all of it with something else in between.
      if Bool.random(using: &dice) { return bytes.removeSubrange(kept...) }
      for position in kept..<min(kept + 512, bytes.count) { bytes[position] = 0 }
    }
    try go(on: image)
  }

  func flipABit() throws {
    try log.queue.write { try $0.execute(sql: "UPDATE entries SET term = term + 1 WHERE rowid = (SELECT max(rowid) FROM entries)") }
  }

  func meaning(of error: any Error) -> StorageTrouble {
    switch (error as? WarrenError)?.code {
    case .internalError, .failedPrecondition, .invalidArgument: .refused
    case .dataLoss: .damaged
    default: .unknown
    }
  }

  private func size() throws -> Int { try FileSystem.read(scratch.location.writeAheadLog).count }

  private func go(on image: ScratchLog) throws {
    try log.close()
    scratch = image
    log = try scratch.open()
  }
}

final class DiskMachine: StorageMachine {
  private let disk = SimulatedDisk()
  private var random = SimulationRandom(seed: 7)

  var storage: any LogStorage { disk }

  func restart() {}
  func losePower() { disk.crash(random: &random) { _ in } }

  func losePower(whileWriting batch: [LogWrite], dice: inout SeededGenerator) throws {
    random = SimulationRandom(seed: dice.next())
    try disk.stage(batch)
    losePower()
  }

  func flipABit() { disk.isDamaged = true }

  func meaning(of error: any Error) -> StorageTrouble {
    switch error as? SimulatedDisk.Failure {
    case .refused: .refused
    case .damaged, .incomplete: .damaged
    case nil: .unknown
    }
  }
}
