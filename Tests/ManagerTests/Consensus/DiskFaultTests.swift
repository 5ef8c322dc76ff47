import ClusterModel
import NIOConcurrencyHelpers
import Raft
import RaftStorage
import Testing

@testable import Manager

/// Members whose disks fail.
struct DiskFaultTests {
  private func cluster() async throws -> (RaftTestCluster, NIOLockedValueBox<[MemberID: FailingStorage]>) {
    let cluster = RaftTestCluster()
    let disks = NIOLockedValueBox<[MemberID: FailingStorage]>([:])
    cluster.disk = { id, log in
      let disk = FailingStorage(log)
      disks.withLockedValue { $0[id] = disk }
      return disk
    }
    try await cluster.start([1, 2, 3], founders: [1, 2, 3])
    try #require(await cluster.run { cluster.leader != nil } != nil)
    return (cluster, disks)
  }

  /// The leader's or a follower's, with what was being written on the disk or not: it ends, the others go on, and it comes back.
  @Test(arguments: [true, false], [true, false]) func aFailedSyncEndsTheMember(leads: Bool, isWritten: Bool) async throws {
    let (cluster, disks) = try await cluster()
    let (id, member) = try #require(cluster.members.first { $0.value.leadership.isLeader == leads })
    let other = try #require(cluster.members.first { $0.key != id }?.value)
    _ = try await cluster.run { try await other.propose([1]) }
    let running = Task { try await member.run() }
    disks.withLockedValue { $0[id] }?.fail(.sync(isWritten: isWritten))
    let proposal = Task { try await other.propose([2]) }
    let error = await #expect(throws: WarrenError.self) { try await cluster.run { try await running.value } }
    #expect(error?.message == "syncing failed")
    // Nothing is taken, said or read any more.
    await #expect(throws: WarrenError.self) { try await member.propose([9]) }
    await #expect(throws: WarrenError.self) { try await member.readBarrier() }
    try await cluster.kill(id)
    _ = try await cluster.run { try await proposal.value }
    _ = try await cluster.run { try await other.propose([3]) }
    try await cluster.start([id])
    #expect(await cluster.run { cluster.agree(on: 3) } != nil)
    #expect(cluster.journals[id]?.commands == [[1], [2], [3]])
    try await cluster.close()
  }

  /// A leader without room hands over; it follows again, by itself, when there is room.
  @Test func aLeaderWithoutRoomStepsAside() async throws {
    let (cluster, disks) = try await cluster()
    let (id, leader) = try (#require(cluster.leaderID), #require(cluster.leader))
    disks.withLockedValue { $0[id] }?.fail(.noRoom)
    // Also what is proposed at it is stored, by the next one.
    let proposal = Task { try await leader.propose([1]) }
    #expect(await cluster.run { cluster.leaderID.map { $0 != id } ?? false } != nil)
    let other = try #require(cluster.leader)
    _ = try await cluster.run { try await other.propose([2]) }
    #expect(cluster.journals[id]?.commands == [])
    disks.withLockedValue { $0[id] }?.fail(nil)
    _ = try await cluster.run { try await proposal.value }
    #expect(await cluster.run { cluster.agree(on: 2) } != nil)
    try await cluster.close()
  }
}
