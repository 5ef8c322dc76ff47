import ClusterModel
import Foundation
import Logging
import Raft

@testable import RaftStorage

/// A data directory of its own that is gone after the test.
final class ScratchLog {
  let directory: String
  let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
  let identity = LogIdentity(clusterID: "cluster-1", nodeID: "node-1", memberID: 7)

  init() { directory = NSTemporaryDirectory() + "warren-log-" + UUID().uuidString }
  deinit { try? FileManager.default.removeItem(atPath: directory) }

  var location: LogLocation { LogLocation(dataDirectory: directory) }

  func create() throws -> LogDatabase { try LogDatabase.create(dataDirectory: directory, identity: identity, logger: logger) }
  func open() throws -> LogDatabase { try LogDatabase.open(dataDirectory: directory, logger: logger) }

  /// What a power loss now would leave: the files as they are, copied to a directory of their own, with a mark that counts there.
  func crashImage(mark: UInt64?) throws -> ScratchLog {
    let image = ScratchLog()
    try FileManager.default.createDirectory(atPath: image.location.directory, withIntermediateDirectories: true)
    for path in [location.database, location.writeAheadLog] where FileManager.default.fileExists(atPath: path) {
      try FileManager.default.copyItem(atPath: path, toPath: image.location.directory + path.dropFirst(location.directory.count))
    }
    if let mark { try image.setMark(mark) }
    return image
  }

  func setMark(_ index: UInt64) throws {
    try AcknowledgedMark(path: location.mark, of: FileSystem.identity(of: location.database)).record(index)
  }

  /// Changes bytes in place.
  func patch(_ path: String, _ change: (inout [UInt8]) -> Void) throws {
    var bytes = try FileSystem.read(path)
    change(&bytes)
    try FileSystem.write(bytes, to: path)
  }
}

let founders = ConfigurationState(voters: [7])

extension LogDatabase {
  func append(_ entries: [Entry]) throws { try write([LogWrite(entries: entries)]) }

  func everything() throws -> [Entry] {
    var entries: [Entry] = []
    var after = snapshot.index
    while case let more = try readEntries(after: after, byteLimit: 4096), let last = more.last {
      entries += more
      after = last.index
    }
    return entries
  }

  func save(snapshot data: [UInt8], index: UInt64) throws {
    let info = LogSnapshotInfo(index: index, term: 1, configuration: founders, size: data.count)
    for number in 0..<info.chunks { try writeSnapshotChunk(number, data.chunk(number), of: info) }
    try adoptSnapshot(info)
    while try removeStaleChunk() {}
  }
}

extension [UInt8] {
  func chunk(_ number: Int) -> [UInt8] {
    Array(self[number * LogSnapshotInfo.chunkSize..<Swift.min((number + 1) * LogSnapshotInfo.chunkSize, count)])
  }

  static func random(_ count: Int, using generator: inout some RandomNumberGenerator) -> [UInt8] {
    (0..<count).map { _ in UInt8.random(in: 0...255, using: &generator) }
  }
}

func entries(_ range: ClosedRange<UInt64>, size: Int = 100) -> [Entry] {
  range.map { index in Entry(term: 1, index: index, data: (0..<size).map { UInt8(truncatingIfNeeded: Int(index) &* 31 &+ $0) }) }
}

/// SplitMix64: the same numbers for the same seed, everywhere.
struct SeededGenerator: RandomNumberGenerator {
  var state: UInt64

  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var z = state
    z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
    z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
    return z ^ (z >> 31)
  }
}
