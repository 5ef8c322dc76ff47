import ClusterModel
import Foundation
import NIOConcurrencyHelpers
import Raft
import RaftStorage
import Testing

@testable import Manager

/// A member of three that has lost something it had acknowledged.
struct DamagedMemberTests {
  enum Damage: CaseIterable {
    /// One bit of an entry turned over.
    case flippedBit
    /// An administrator put back a copy of the directory.
    case olderCopy
    /// The same, into the very files: nothing on this machine shows it.
    case olderContent
  }

  private func command(_ number: UInt8) -> [UInt8] { [number] + [UInt8](repeating: 0x5a, count: 50) + [number] }

  private func files(of directory: String) throws -> [String: Data] {
    let names = try FileManager.default.contentsOfDirectory(atPath: directory)
    return try Dictionary(uniqueKeysWithValues: names.map { ($0, try Data(contentsOf: URL(fileURLWithPath: directory + "/" + $0))) })
  }

  private func inflict(_ damage: Damage, on directory: String, earlier: [String: Data]) throws {
    switch damage {
    case .flippedBit:
      let database = URL(fileURLWithPath: directory + "/log.sqlite")
      var bytes = try Data(contentsOf: database)
      let entry = try #require(bytes.range(of: Data(command(12))))
      bytes[entry.lowerBound + 20] ^= 1
      try overwrite(database, with: bytes)
    case .olderCopy:
      try FileManager.default.removeItem(atPath: directory)
      try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
      for (name, content) in earlier { try content.write(to: URL(fileURLWithPath: directory + "/" + name)) }
    case .olderContent:
      for (name, content) in earlier { try overwrite(URL(fileURLWithPath: directory + "/" + name), with: content) }
    }
  }

  /// The file stays the same.
  private func overwrite(_ url: URL, with content: Data) throws {
    let file = try FileHandle(forWritingTo: url)
    try file.truncate(atOffset: 0)
    try file.write(contentsOf: content)
    try file.close()
  }

  @Test(arguments: Damage.allCases, [true, false]) func beginsAnewAsANewMember(_ damage: Damage, ledBefore: Bool) async throws {
    let cluster = RaftTestCluster()
    cluster.limits.entriesPerSnapshot = 1000
    try await cluster.start([1, 2, 3], founders: [1, 2, 3])
    try #require(await cluster.run { cluster.leader != nil } != nil)
    var proposed: UInt8 = 0
    func propose(_ count: Int) async throws {
      try #require(await cluster.run { cluster.leader != nil } != nil)
      let leader = try #require(cluster.leader)
      for _ in 0..<count {
        proposed += 1
        _ = try await cluster.run { [command = command(proposed)] in try await leader.propose(command) }
      }
    }
    func change(_ steps: ConfigurationChange.Step...) async throws {
      try #require(await cluster.run { cluster.leader != nil } != nil)
      let leader = try #require(cluster.leader)
      _ = try await cluster.run { try await leader.change(members: ConfigurationChange(steps)) }
    }
    /// Whether the rest finds a leader while a member is away.
    func findsALeader(without id: MemberID) async throws -> Bool {
      try await cluster.kill(id)
      await cluster.run(limit: 100) { false }
      let found = await cluster.run(limit: 600) { cluster.leader != nil } != nil
      #expect(found || cluster.leader == nil)
      return found
    }

    try await propose(10)
    let old = try #require(cluster.members.first { $0.value.leadership.isLeader == ledBefore }?.key)
    let directory = cluster.directory(of: old) + "/raft"
    #expect(await cluster.run { cluster.agree(on: 10) } != nil)
    try await cluster.kill(old)
    let earlier = try files(of: directory)
    try await cluster.start([old])
    try await propose(10)
    #expect(await cluster.run { cluster.agree(on: 20) } != nil)

    // As it was, it is refused, at the start or by the first word from the leader.
    try await cluster.kill(old)
    try inflict(damage, on: directory, earlier: earlier)
    if damage == .olderContent {
      try await cluster.start([old])
      let member = try #require(cluster.members[old])
      let error = await #expect(throws: WarrenError.self) { try await cluster.run { try await member.run() } }
      #expect(error?.code == .dataLoss)
      #expect(!member.leadership.isLeader)
      try await cluster.kill(old)
    } else {
      let error = await #expect(throws: WarrenError.self) { try await cluster.start([old]) }
      #expect(error?.code == .dataLoss)
      #expect(error?.message.contains("join anew as a new member") == true, "\(String(describing: error))")
    }
    try await propose(5)

    // Under a new number it is nobody at first: with it, one of the others is no majority.
    let new: MemberID = 4
    let aside = try cluster.rejoin(old, as: new)
    #expect(FileManager.default.fileExists(atPath: aside + "/log.sqlite"))
    try await cluster.start([new])
    let member = try #require(cluster.members[new])
    let others = cluster.members.keys.filter { $0 != new }.sorted()
    #expect(try await !findsALeader(without: others[0]))
    member.change { $0.node.campaign() }
    await cluster.run(limit: 100) { false }
    #expect(!member.leadership.isLeader && member.storage.hardState.vote == .none)
    try await cluster.start([others[0]])

    // As a learner it has everything, and still no vote.
    try await change(.init(.addLearner, new))
    try await propose(5)
    #expect(await cluster.run { cluster.agree(on: 30) } != nil)
    #expect(try await !findsALeader(without: others[1]))
    #expect(!member.leadership.isLeader && member.storage.hardState.vote == .none)
    try await cluster.start([others[1]])

    // It takes the old one's place, in one step.
    try await change(.init(.addVoter, new), .init(.remove, old))
    #expect(
      await cluster.run { cluster.members.values.allSatisfy { $0.state.withLockedValue { $0.configuration.voters } == MemberSet(others + [new]) } }
        != nil)
    #expect(try await findsALeader(without: others[0]))
    try await propose(5)
    try await cluster.start([others[0]])
    #expect(await cluster.run { cluster.agree(on: 35) } != nil)
    #expect(cluster.journals[new]?.commands == (1...35).map { command($0) })
    try await cluster.close()
  }
}
