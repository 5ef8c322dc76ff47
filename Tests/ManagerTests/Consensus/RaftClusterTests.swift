import ClusterModel
import Dispatch
import Foundation
import Glibc
import NIOConcurrencyHelpers
import Raft
import RaftStorage
import RaftTransport
import TestKit
import Testing

@testable import Manager

/// Several members, each with its own disk: what their driver does with what the core decides.
struct RaftClusterTests {
  private func cluster(of count: UInt64 = 3, seed: UInt64 = 1, faults: MemoryNetwork.Faults = .init(), limits: RaftMember.Limits = .init())
    async throws
    -> RaftTestCluster
  {
    let cluster = RaftTestCluster(seed: seed, faults: faults)
    cluster.limits = limits
    let ids = (1...count).map { MemberID(rawValue: $0) }
    try await cluster.start(ids, founders: MemberSet(ids))
    try #require(await cluster.run { cluster.leader != nil } != nil)
    return cluster
  }

  @Test func anyMemberTakesProposalsAndReads() async throws {
    let cluster = try await cluster()
    let members = cluster.members.values
    for (number, member) in members.enumerated() {
      let index = try await cluster.run { try await member.propose([UInt8(number)]) }
      #expect(try await cluster.run { try await member.readBarrier() } >= index)
    }
    #expect(await cluster.run { cluster.agree(on: 3) } != nil)
    try await cluster.close()
  }

  @Test func refusalsReachTheProposerWhereverItIs() async throws {
    let cluster = try await cluster()
    for member in cluster.members.values {
      let error = await #expect(throws: WarrenError.self) { try await cluster.run { try await member.propose([0xff]) } }
      #expect(error?.code == .conflict)
    }
    try await cluster.close()
  }

  @Test func aDeadLeaderIsGivenUpAtOnce() async throws {
    let cluster = try await cluster()
    let (old, term) = try (#require(cluster.leaderID), #require(cluster.leader?.leadership.term))
    try await cluster.kill(old)
    // Nobody waits for an election timeout.
    while cluster.members.values.contains(where: { $0.raftLeader == old }) { await Task.yield() }
    #expect(await cluster.run { cluster.leader != nil } != nil)
    #expect(try #require(cluster.leader?.leadership.term) > term)
    let leader = try #require(cluster.leader)
    _ = try await cluster.run { try await leader.propose([1]) }
    try await cluster.start([old])
    #expect(await cluster.run { cluster.agree(on: 1) } != nil)
    try await cluster.close()
  }

  /// Those are proposed again to the next leader, also when the old one had them already: each happens once.
  @Test func proposalsOutliveTheLeader() async throws {
    let cluster = try await cluster()
    let old = try #require(cluster.leaderID)
    let followers = cluster.members.filter { $0.key != old }
    let wanted = 40
    try await withThrowingTaskGroup { group in
      for number in 0..<wanted {
        let member = try #require(followers.values.dropFirst(number % 2).first)
        group.addTask { try await member.propose([UInt8(number)]) }
        if number == wanted / 2 {
          await cluster.settle()
          // What it sends from now on is lost, then it is.
          for id in followers.keys { cluster.network.cut(old, to: id) }
        }
      }
      try await cluster.kill(old)
      cluster.network.heal()
      #expect(await cluster.run { cluster.agree(on: wanted) } != nil)
      try await group.waitForAll()
    }
    let commands = try #require(followers.keys.first.flatMap { cluster.journals[$0]?.commands })
    #expect(Set(commands) == Set((0..<wanted).map { [UInt8($0)] }))
    try await cluster.close()
  }

  @Test func aLeaderWithoutAQuorumServesNoReadsAndStepsDown() async throws {
    let cluster = try await cluster()
    let (id, old) = try (#require(cluster.leaderID), #require(cluster.leader))
    let others = cluster.members.keys.filter { $0 != id }
    cluster.network.partition([id], from: others)
    let read = NIOLockedValueBox<LogIndex?>(nil)
    let reader = Task {
      let index = try await old.readBarrier()
      read.withLockedValue { $0 = index }
    }
    let proposal = Task { try await old.propose([7]) }
    #expect(await cluster.run { others.contains { cluster.members[$0]?.leadership.isLeader == true } && !old.leadership.isLeader } != nil)
    #expect(read.withLockedValue { $0 } == nil)
    cluster.network.heal()
    #expect(await cluster.run { cluster.agree(on: 1) } != nil)
    #expect(try await cluster.run { try await proposal.value } > 0)
    try await cluster.run { try await reader.value }
    try await cluster.close()
  }

  @Test func anAnswerToAnEarlierRunAnswersNoRead() async throws {
    let cluster = try await cluster()
    let (leader, term) = try (#require(cluster.leaderID), #require(cluster.leader?.leadership.term))
    let (id, member) = try #require(cluster.members.first { $0.key != leader })
    cluster.network.partition([id], from: cluster.members.keys.filter { $0 != id })
    let (session, number) = member.state.withLockedValue { ($0.session, $0.nextSequence) }
    let answered = NIOLockedValueBox(false)
    let reader = Task {
      _ = try await member.readBarrier()
      answered.withLockedValue { $0 = true }
    }
    while member.state.withLockedValue({ $0.reads[number] == nil }) { await Task.yield() }
    func answer(to session: UInt64) {
      let context = RaftMember.State.readContext(number, session: session)
      member.receive([Message(.readIndexResponse, to: id, from: leader, term: term, index: 0, context: context)])
    }
    answer(to: session &+ 1)
    #expect(member.state.withLockedValue { $0.reads[number] != nil })
    answer(to: session)
    try await reader.value
    #expect(answered.withLockedValue { $0 })
    try await cluster.close()
  }

  @Test func requestsFailInTheEndWithoutALeader() async throws {
    let cluster = try await cluster()
    let (id, leader) = try (#require(cluster.leaderID), #require(cluster.leader))
    for other in cluster.members.keys where other != id { try await cluster.kill(other) }
    let error = await #expect(throws: WarrenError.self) { try await cluster.run { try await leader.propose([1]) } }
    #expect(error?.code == .unavailable)
    #expect(error?.message.contains("no leader") == true)
    await #expect(throws: WarrenError.self) { try await cluster.run { try await leader.readBarrier() } }
    try await cluster.close()
  }

  /// Also on a machine that is too busy for most of its ticks, where the leader has not even noticed that it is alone.
  @Test(arguments: [10, 20, 150])
  func requestsFailByTheClockAndNameWhoIsMissing(millisecondsEachTick: Int) async throws {
    let cluster = try await cluster()
    let (id, leader) = try (#require(cluster.leaderID), #require(cluster.leader))
    leader.setNames([1: "one", 2: "two", 3: "three"])
    cluster.tickTime = .milliseconds(millisecondsEachTick)
    let others = cluster.members.keys.filter { $0 != id }
    cluster.network.partition([id], from: others)
    let start = cluster.network.now
    let proposal = Task { try await leader.propose([1]) }
    let read = Task { try await leader.readBarrier() }
    while leader.state.withLockedValue({ $0.proposals.isEmpty || $0.reads.isEmpty }) { await Task.yield() }
    for request in [proposal, read] {
      let error = await #expect(throws: WarrenError.self) { try await cluster.run { try await request.value } }
      #expect(error?.code == .unavailable)
      for name in others.map({ ["one", "two", "three"][Int($0.rawValue) - 1] }) { #expect(error?.message.contains(name) == true) }
    }
    #expect(cluster.network.now - start < .seconds(5))
    try await cluster.close()
  }

  /// A member that was told by the leader that it may read, but not the last entries, has no leader any more.
  @Test func whatIsConfirmedButNeverAppliedFails() async throws {
    let cluster = try await cluster()
    let (leader, term) = try (#require(cluster.leaderID), #require(cluster.leader?.leadership.term))
    let (id, member) = try #require(cluster.members.first { $0.key != leader })
    cluster.network.partition([id], from: cluster.members.keys.filter { $0 != id })
    let read = Task { try await member.readBarrier() }
    while member.state.withLockedValue({ $0.reads.isEmpty }) { await Task.yield() }
    let context = member.state.withLockedValue { state in state.reads.keys.first.map { RaftMember.State.readContext($0, session: state.session) } }
    member.receive([Message(.readIndexResponse, to: id, from: leader, term: term, index: 100, context: try #require(context))])
    #expect(member.state.withLockedValue { $0.reads.isEmpty && !$0.confirmedReads.isEmpty })
    await #expect(throws: WarrenError.self) { try await cluster.run { try await read.value } }
    try await cluster.close()
  }

  @Test func whoIsFarBehindGetsASnapshot() async throws {
    var limits = RaftMember.Limits()
    limits.entriesPerSnapshot = 50
    (limits.trailingBytes, limits.trailingBytesWhileSending) = (0...0, 0)
    let cluster = try await cluster(limits: limits)
    let away = try #require(cluster.members.keys.first { $0 != cluster.leaderID })
    try await cluster.kill(away)
    let leader = try #require(cluster.leader)
    for number in 0..<120 as Range<UInt8> {
      _ = try await cluster.run { try await leader.propose([number] + [UInt8](repeating: number, count: 10_000)) }
    }
    #expect(await cluster.run { leader.storage.snapshot.index > 50 } != nil)
    try await cluster.start([away])
    #expect(await cluster.run { cluster.agree(on: 120) } != nil)
    #expect(try #require(cluster.members[away]).storage.snapshot.index > 50)
    // It goes on from there, and also after a restart from its own disk.
    _ = try await cluster.run { try await leader.propose([200]) }
    try await cluster.kill(away)
    try await cluster.start([away])
    #expect(await cluster.run { cluster.agree(on: 121) } != nil)
    try await cluster.close()
  }

  @Test func membersComeAndGo() async throws {
    let cluster = try await cluster()
    try await cluster.start([4], founders: [])
    func change(_ steps: ConfigurationChange.Step...) async throws {
      #expect(await cluster.run { cluster.leader != nil } != nil)
      let leader = try #require(cluster.leader)
      _ = try await cluster.run { try await leader.change(members: ConfigurationChange(steps)) }
    }
    let leader = try #require(cluster.leader)
    _ = try await cluster.run { try await leader.propose([1]) }
    try await change(.init(.addLearner, 4))
    #expect(await cluster.run { cluster.agree(on: 1) } != nil)
    try await change(.init(.addVoter, 4))
    // One that goes, the leader or not, and another that leads: the rest is a quorum.
    let gone = try #require(cluster.leaderID)
    try await change(.init(.remove, gone))
    #expect(await cluster.run { cluster.leaderID != nil && cluster.leaderID != gone } != nil)
    try await cluster.kill(gone)
    let next = try #require(cluster.leader)
    _ = try await cluster.run { try await next.propose([2]) }
    #expect(await cluster.run { cluster.agree(on: 2) } != nil)
    // All of them remember.
    let rest = Array(cluster.members.keys)
    for id in rest { try await cluster.kill(id) }
    try await cluster.start(rest)
    #expect(await cluster.run { cluster.leader != nil } != nil)
    for member in cluster.members.values {
      #expect(await cluster.run { member.state.withLockedValue { $0.configuration.voters } == MemberSet(rest) } != nil)
    }
    try await cluster.close()
  }

  @Test func onlyTheLeaderChangesMembersAndOnlyAsCanBe() async throws {
    let cluster = try await cluster()
    let follower = try #require(cluster.members.values.first { !$0.leadership.isLeader })
    let refused = await #expect(throws: WarrenError.self) { try await cluster.run { try await follower.change(members: .init([.init(.remove, 1)])) } }
    #expect(refused?.code == .unavailable)
    let leader = try #require(cluster.leader)
    let impossible = ConfigurationChange([.init(.remove, 1), .init(.remove, 2), .init(.remove, 3)])
    await #expect(throws: WarrenError.self) { try await cluster.run { try await leader.change(members: impossible) } }
    #expect(leader.state.withLockedValue { $0.configuration.voters } == [1, 2, 3])
    try await cluster.close()
  }

  @Test func aLeaderThatShutsDownHandsOver() async throws {
    let cluster = try await cluster()
    let (id, leader) = try (#require(cluster.leaderID), #require(cluster.leader))
    let running = Task { try await leader.run() }
    _ = try await cluster.run { try await leader.propose([1]) }
    running.cancel()
    let ticks = await cluster.run { cluster.leaderID.map { $0 != id } ?? false }
    // Within less than any election timeout.
    #expect(try #require(ticks) < 30)
    try await running.value
    await #expect(throws: WarrenError.self) { try await leader.propose([2]) }
    cluster.network.kill(id)
    #expect(await cluster.run { cluster.leader != nil } != nil)
    try await cluster.close()
  }

  @Test func aStalledDiskLosesTheLead() async throws {
    let cluster = try await cluster()
    let (id, leader) = try (#require(cluster.leaderID), #require(cluster.leader))
    let gate = DispatchSemaphore(value: 0)
    leader.writeThread.async { gate.wait() }
    cluster.stalled = [id]
    let proposal = Task { try await leader.propose([1]) }
    #expect(await cluster.run { cluster.leaderID.map { $0 != id } ?? false } != nil)
    gate.signal()
    cluster.stalled = []
    #expect(await cluster.run { cluster.agree(on: 1) } != nil)
    #expect(try await cluster.run { try await proposal.value } > 0)
    try await cluster.close()
  }

  /// Needs root: mounts a small tmpfs.
  @Test func aFullDiskStepsAsideAndComesBack() async throws {
    let cluster = RaftTestCluster()
    let small = cluster.directory(of: 1)
    try FileManager.default.createDirectory(atPath: small, withIntermediateDirectories: true)
    try #require(mount("tmpfs", small, "tmpfs", 0, "size=4m") == 0, "run the tests as root")
    defer { umount2(small, Int32(MNT_DETACH)) }
    try await cluster.start([1, 2, 3], founders: [1, 2, 3])
    #expect(await cluster.run { cluster.leader != nil } != nil)
    while cluster.leaderID != 1 {
      cluster.members[1]?.change { $0.node.campaign() }
      cluster.leader?.change { $0.node.transferLeadership(to: 1) }
      await cluster.run { cluster.leaderID == 1 }
    }
    let filler = FileManager.default.createFile(atPath: small + "/filler", contents: Data(count: 3_000_000))
    #expect(filler)
    let proposer = try #require(cluster.members[2])
    for number in 0..<40 as Range<UInt8> {
      _ = try await cluster.run { try await proposer.propose([number] + [UInt8](repeating: 7, count: 60_000)) }
    }
    #expect(cluster.leaderID != 1)
    #expect(cluster.journals[1]?.commands.count ?? 0 < 40)
    unlink(small + "/filler")
    #expect(await cluster.run { cluster.agree(on: 40) } != nil)
    try await cluster.close()
  }

  /// Else a leader that has no entries so far back, and does not know how far the member is, would offer it a snapshot for ever.
  @Test func whoHasEverythingSaysSoWhenASnapshotIsOffered() async throws {
    var limits = RaftMember.Limits()
    limits.entriesPerSnapshot = 5
    let cluster = try await cluster(limits: limits)
    let leader = try #require(cluster.leader)
    for number in 0..<12 as Range<UInt8> { _ = try await cluster.run { try await leader.propose([number]) } }
    #expect(await cluster.run { cluster.agree(on: 12) } != nil)
    let offer = try await leader.snapshotToSend(to: 9)
    leader.snapshotSent(to: 9, succeeded: true)
    let follower = try #require(cluster.members.values.first { $0.id != leader.id })
    #expect(try await follower.acceptSnapshot(offer) == offer.chunks)
    try await follower.receiveSnapshot(Message(.snapshot, to: follower.id, from: leader.id, term: leader.leadership.term), offer)
    try await cluster.close()
  }

  @Test func aTransferThatBrokeOffKeepsNobodyFromCompacting() async throws {
    var limits = RaftMember.Limits()
    limits.entriesPerSnapshot = 5
    let cluster = try await cluster(limits: limits)
    let leader = try #require(cluster.leader)
    let follower = try #require(cluster.members.values.first { $0.id != leader.id })
    let metadata = SnapshotMetadata(index: 20, term: leader.leadership.term, configuration: ConfigurationState(voters: [1, 2, 3]))
    _ = try await follower.acceptSnapshot(SnapshotOffer(metadata: metadata, size: 1, chunkSize: LogSnapshotInfo.chunkSize))
    for number in 0..<40 as Range<UInt8> { _ = try await cluster.run { try await leader.propose([number]) } }
    #expect(await cluster.run { cluster.agree(on: 40) && follower.storage.snapshot.index > 20 } != nil)
    try await cluster.close()
  }

  @Test func aSnapshotThatIsComingGoesOnAfterARestart() async throws {
    let cluster = RaftTestCluster()
    try await cluster.start([4])
    let metadata = SnapshotMetadata(index: 100, term: 3, configuration: ConfigurationState(voters: [1, 2, 3], learners: [4]))
    let commands = (0..<3).map { [UInt8](repeating: $0, count: LogSnapshotInfo.chunkSize) }
    let data = Journal.bytes(commands)
    let chunks = stride(from: 0, to: data.count, by: LogSnapshotInfo.chunkSize).map { Array(data[$0...].prefix(LogSnapshotInfo.chunkSize)) }
    let offer = SnapshotOffer(metadata: metadata, size: data.count, chunkSize: LogSnapshotInfo.chunkSize)
    let before = try #require(cluster.members[4])
    #expect(try await before.acceptSnapshot(offer) == 0)
    for number in 0..<2 { try await before.storeSnapshotChunk(number, chunks[number], of: offer) }
    try await cluster.kill(4)

    try await cluster.start([4])
    let member = try #require(cluster.members[4])
    #expect(try await member.acceptSnapshot(offer) == 2)
    #expect(try await member.acceptSnapshot(offer) == 2)
    for number in 2..<offer.chunks { try await member.storeSnapshotChunk(number, chunks[number], of: offer) }
    try await member.receiveSnapshot(Message(.snapshot, to: 4, from: 1, term: 3), offer)
    #expect(await cluster.run { cluster.journals[4]?.commands == commands } != nil)
    try await cluster.close()
  }

  @Test(arguments: 1...4 as ClosedRange<UInt64>)
  func everythingAcknowledgedHappensOnceOnABadNetwork(seed: UInt64) async throws {
    let faults = MemoryNetwork.Faults(drop: 0.1, duplicate: 0.1, delay: .zero ... .milliseconds(60))
    var limits = RaftMember.Limits()
    limits.entriesPerSnapshot = 40
    limits.trailingBytes = 500...500
    let cluster = try await cluster(seed: seed, faults: faults, limits: limits)
    var dice = SeededGenerator(seed: seed)
    var wanted: Set<[UInt8]> = []
    for round in 0..<6 {
      let victim = try #require(cluster.members.keys.sorted { $0.rawValue < $1.rawValue }.randomElement(using: &dice))
      let proposers = cluster.members.filter { $0.key != victim }.map(\.value)
      let commands = (0..<30).map { [UInt8(round), UInt8($0)] }
      let proposals = Task {
        try await withThrowingTaskGroup { group in
          for (number, command) in commands.enumerated() { group.addTask { try await proposers[number % proposers.count].propose(command) } }
          try await group.waitForAll()
        }
      }
      await cluster.settle()
      try await cluster.kill(victim)
      try await cluster.run { try await proposals.value }
      wanted.formUnion(commands)
      try await cluster.start([victim])
    }
    cluster.network.setFaults(.init())
    #expect(await cluster.run { cluster.agree(on: wanted.count) } != nil)
    #expect(Set(try #require(cluster.journals[1]?.commands)) == wanted)
    try await cluster.close()
  }
}
