import ClusterModel
import NIOConcurrencyHelpers
import Raft
import RaftTransport
import TestKit
import Testing

@Suite struct MemoryNetworkTests {
  private struct Pair {
    let network: MemoryNetwork
    let first: RecordingUser
    let second: RecordingUser
    let firstTransport: MemoryTransport
    let secondTransport: MemoryTransport

    init(seed: UInt64 = 1, faults: MemoryNetwork.Faults = .init(), offer: SnapshotOffer? = nil, second: RecordingUser = RecordingUser()) {
      network = MemoryNetwork(seed: seed, faults: faults)
      first = RecordingUser(offer: offer)
      self.second = second
      firstTransport = network.transport(of: 1)
      secondTransport = network.transport(of: 2)
      firstTransport.attach(first)
      secondTransport.attach(second)
      let peers: [MemberID: HostPort] = [1: HostPort(host: "one", port: 1), 2: HostPort(host: "two", port: 1)]
      firstTransport.setPeers(peers)
      secondTransport.setPeers(peers)
    }
  }

  private static func heartbeats(_ count: Int) -> [Message] {
    (1...count).map { Message(.heartbeat, to: 2, from: 1, term: 1, commit: UInt64($0)) }
  }

  @Test func deliversInOrderWithoutFaults() async throws {
    let pair = Pair()
    pair.firstTransport.send(Self.heartbeats(100))
    try await eventually("100 messages") { pair.second[\.received.count] == 100 }
    #expect(pair.second[\.received] == Self.heartbeats(100))
  }

  @Test func repeatsItselfForASeed() async throws {
    let faults = MemoryNetwork.Faults(drop: 0.3, duplicate: 0.3, delay: .zero ... .milliseconds(50))
    var runs: [[Message]] = []
    for seed: UInt64 in [7, 7, 8] {
      let pair = Pair(seed: seed, faults: faults)
      pair.firstTransport.send(Self.heartbeats(200))
      pair.network.advance(by: .seconds(1))
      pair.network.setFaults(.init())
      pair.firstTransport.send([Message(.timeoutNow, to: 2, from: 1, term: 1)])
      try await eventually("the last message") { pair.second[\.received].last?.kind == .timeoutNow }
      runs.append(pair.second[\.received])
    }
    #expect(runs[0] == runs[1])
    #expect(runs[0] != runs[2])
    #expect(Set(runs[0].map(\.commit)).count < 190, "some are lost")
    #expect(Set(runs[0].map(\.commit)).count < runs[0].count, "some come twice")
    #expect(runs[0].dropLast().map(\.commit) != runs[0].dropLast().map(\.commit).sorted(), "some come late")
  }

  @Test func carriesNothingOverACutAndTellsNobody() async throws {
    let pair = Pair()
    pair.network.cut(1, to: 2)
    pair.firstTransport.send(Self.heartbeats(1))
    pair.secondTransport.send([Message(.heartbeatResponse, to: 1, from: 2, term: 1)])
    try await eventually("the other direction") { pair.first[\.received.count] == 1 }
    pair.network.heal()
    pair.firstTransport.send([Message(.timeoutNow, to: 2, from: 1, term: 1)])
    try await eventually("what was sent after") { pair.second[\.received.count] == 1 }
    #expect(pair.second[\.received].first?.kind == .timeoutNow)
    #expect(pair.first[\.lost].isEmpty && pair.first[\.unreachable].isEmpty)
  }

  @Test func tellsOfADeathAndOfStrangers() async throws {
    let pair = Pair()
    pair.network.kill(2)
    pair.firstTransport.send([Message(.heartbeat, to: 9, from: 1, term: 1)])
    try await eventually("both are told") { pair.first[\.lost] == [2] && pair.first[\.unreachable] == [9: 1] }
  }

  @Test func carriesSnapshotsAndGoesOnAfterACut() async throws {
    let offer = SnapshotOffer(metadata: SnapshotMetadata(index: 9, term: 2), size: 1000, chunkSize: 100)
    let message = Message(.snapshot, to: 2, from: 1, term: 2, snapshot: Snapshot(metadata: SnapshotMetadata(index: 8, term: 2)))
    let second = RecordingUser { if $0 == 4 { throw CancellationError() } }
    let pair = Pair(offer: offer, second: second)
    pair.firstTransport.send([message])
    try await eventually("it breaks off") { pair.first[\.sent] == [false] }
    #expect(pair.second[\.stored].keys.sorted() == [0, 1, 2, 3])

    let restarted = RecordingUser()
    restarted.state.withLockedValue { $0.stored = pair.second[\.stored] }
    let transport = pair.network.transport(of: 2)
    transport.attach(restarted)
    transport.setPeers([1: HostPort(host: "one", port: 1)])
    pair.firstTransport.send([message])
    try await eventually("it arrives") { pair.first[\.sent] == [false, true] }
    #expect(restarted[\.stores] == 6)
    #expect(restarted[\.stored].values.allSatisfy { $0.isEmpty })
    #expect(restarted[\.installed].map(\.snapshot?.metadata) == [offer.metadata])
  }
}
