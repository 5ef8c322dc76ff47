import ClusterModel
import Foundation
import Logging
import NIOConcurrencyHelpers
import Raft
import RaftStorage
import RaftTransport
import TestKit

@testable import Manager

/// Members of one cluster on real disks, a network in memory, and a clock that only the test moves.
final class RaftTestCluster {
  let directory = NSTemporaryDirectory() + "warren-raft-" + UUID().uuidString
  let network: MemoryNetwork
  var limits = RaftMember.Limits()
  /// How much time goes by from tick to tick; more than a tick is meant to take: the machine is too busy for the others.
  var tickTime = Duration.milliseconds(10)
  private let start = ContinuousClock.now
  /// What a member is given in place of its database.
  var disk: (MemberID, LogDatabase) -> any MemberStorage = { $1 }
  private(set) var members: [MemberID: RaftMember] = [:]
  private(set) var journals: [MemberID: Journal] = [:]
  private let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

  init(seed: UInt64 = 1, faults: MemoryNetwork.Faults = .init()) { network = MemoryNetwork(seed: seed, faults: faults) }
  deinit { try? FileManager.default.removeItem(atPath: directory) }

  func directory(of id: MemberID) -> String { "\(directory)/\(homes[id, default: id].rawValue)" }

  /// Members that live in the directory of an earlier one.
  private var homes: [MemberID: MemberID] = [:]

  /// Lets the machine of a member begin anew as another one. Returns where the old files are.
  func rejoin(_ old: MemberID, as new: MemberID) throws -> String {
    homes[new] = homes[old, default: old]
    return try LogRecovery(dataDirectory: directory(of: new)).rejoin(
      as: LogIdentity(clusterID: "c", nodeID: NodeID("n\(homes[new, default: new].rawValue)"), memberID: new.rawValue))
  }

  /// Starts members from their disks, or with an empty one; one that is no founder waits to be told.
  func start(_ ids: [MemberID], founders: MemberSet? = nil) async throws {
    for id in ids {
      let path = directory(of: id)
      let storage =
        LogDatabase.exists(dataDirectory: path)
        ? try LogDatabase.open(dataDirectory: path, logger: logger)
        : try LogDatabase.create(
          dataDirectory: path, identity: LogIdentity(clusterID: "c", nodeID: NodeID("n\(id.rawValue)"), memberID: id.rawValue), founders: founders,
          logger: logger)
      let transport = network.transport(of: id)
      transport.setPeers(Dictionary(uniqueKeysWithValues: (1...9).map { (MemberID(rawValue: $0), HostPort(host: "", port: 0)) }))
      var timing = RaftTiming.lan
      timing.tick = nil
      let journal = Journal()
      journals[id] = journal
      members[id] = try await RaftMember.start(
        storage: disk(id, storage), stateMachine: journal, transport: transport, timing: timing, limits: limits,
        now: { [start, network] in start + network.now }, logger: logger)
    }
  }

  /// The process is gone; what it was writing is written, or not.
  func kill(_ id: MemberID) async throws {
    network.kill(id)
    try await members.removeValue(forKey: id)?.close()
  }

  func close() async throws { for id in members.keys { try await kill(id) } }

  var leader: RaftMember? { members.values.filter { $0.leadership.isLeader }.max { $0.leadership.term < $1.leadership.term } }
  var leaderID: MemberID? { leader?.id }

  /// Lets time go by until something is so. Between two ticks everybody does what there is to do.
  /// - Returns: how many ticks that took; nil when it was not so after `limit`.
  @discardableResult
  func run(limit: Int = 3000, until condition: () -> Bool) async -> Int? {
    for ticks in 0..<limit {
      await settle()
      if condition() { return ticks }
      for member in members.values { member.tick() }
      network.advance(by: tickTime)
    }
    return nil
  }

  /// Lets time go by while something is being done.
  func run<Result: Sendable>(while work: @Sendable @escaping () async throws -> Result) async throws -> Result {
    let done = NIOLockedValueBox(false)
    async let result = {
      defer { done.withLockedValue { $0 = true } }
      return try await work()
    }()
    await run(limit: .max) { done.withLockedValue { $0 } }
    return try await result
  }

  func settle() async {
    var quiet = 0
    while quiet < 3 {
      await Task.yield()
      await network.drained()
      let isBusy = members.values.contains { member in
        member.state.withLockedValue { state in
          let isMoving = state.isWriting || state.isApplying || state.snapshots.running || !state.outgoing.isEmpty || !state.unplaced.isEmpty
          return isMoving && state.end == nil && !state.isDiskFull && !stalled.contains(state.node.id)
        }
      }
      quiet = isBusy ? 0 : quiet + 1
    }
  }

  /// Members whose disk is held up by the test.
  var stalled: Set<MemberID> = []

  /// Everybody has applied the same, as far as `count` commands.
  func agree(on count: Int) -> Bool {
    let all = members.keys.compactMap { journals[$0]?.commands }
    return all.allSatisfy { $0.count == count && $0 == all.first }
  }
}

/// A state machine that keeps all commands in order, refuses those that begin with 0xff, and has those that begin with 0xfe told at once.
final class Journal: ReplicatedStateMachine {
  private let state = NIOLockedValueBox<[[UInt8]]>([])
  /// Called before a picture is taken, by the thread that takes it.
  let beforePicture = NIOLockedValueBox<(@Sendable () -> Void)?>(nil)

  var commands: [[UInt8]] { state.withLockedValue { $0 } }

  func apply(_ entries: [CommittedEntry]) throws -> [ApplyOutcome] {
    entries.map { entry in
      if entry.command.first == 0xff { return .rejected(WarrenError(.conflict, "no")) }
      state.withLockedValue { $0.append(entry.command) }
      return .accepted(isUrgent: entry.command.first == 0xfe)
    }
  }

  func snapshot() -> @Sendable () throws -> [UInt8] {
    beforePicture.withLockedValue { $0 }?()
    let commands = commands
    return { Self.bytes(commands) }
  }

  static func bytes(_ commands: [[UInt8]]) -> [UInt8] { commands.flatMap { UInt64($0.count).littleEndianBytes + $0 } }

  func restore(_ snapshot: [UInt8], index: LogIndex) throws {
    var commands: [[UInt8]] = []
    var rest = snapshot[...]
    while !rest.isEmpty {
      var numbers = NumberReader(rest)
      guard let size = numbers.next() else { throw WarrenError(.dataLoss, "no snapshot") }
      commands.append(Array(numbers.rest.prefix(Int(size))))
      rest = numbers.rest.dropFirst(Int(size))
    }
    state.withLockedValue { $0 = commands }
  }
}

extension RaftMember {
  var id: MemberID { state.withLockedValue { $0.node.id } }
  var raftLeader: MemberID { state.withLockedValue { $0.node.softState.leader } }
}
