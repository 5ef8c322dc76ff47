import Raft
import Testing

@testable import Manager

/// What a member keeps in memory follows from what is under way, not from how much was ever written.
struct SteadyStateTests {
  @Test func nothingIsKeptForWhatIsDone() async throws {
    let cluster = RaftTestCluster()
    cluster.limits.entriesPerSnapshot = 100
    (cluster.limits.trailingBytes, cluster.limits.trailingBytesWhileSending) = (1000...1000, 1000)
    let ids = [1, 2, 3] as [MemberID]
    try await cluster.start(ids, founders: MemberSet(ids))
    try #require(await cluster.run { cluster.leader != nil } != nil)

    // The most that any of them keeps, over several compactions.
    func most(during batches: Int) async throws -> Int {
      var most = 0
      for _ in 0..<batches {
        let members = cluster.members.values
        try await cluster.run {
          try await withThrowingTaskGroup { group in
            for member in members {
              for _ in 0..<10 { group.addTask { _ = try await member.propose([1, 2, 3]) } }
              group.addTask { _ = try await member.readBarrier() }
            }
            try await group.waitForAll()
          }
        }
        await cluster.settle()
        for member in members { most = max(most, member.kept) }
      }
      return most
    }
    let early = try await most(during: 20)
    let late = try await most(during: 100)
    let written = try #require(cluster.leader).storage.lastIndex
    #expect(written > 3600)
    #expect(late <= early * 5 / 4, "\(early) values were kept after 600 proposals, \(late) after 3,600")
    try await cluster.close()
  }
}

extension RaftMember {
  /// Numbers, bytes and other plain values that its state and its table of sessions are made of.
  fileprivate var kept: Int { state.withLockedValue { Self.values(in: $0) } + Self.values(in: machine.table.withLockedValue { $0 }) }

  private static func values(in any: Any) -> Int {
    let mirror = Mirror(reflecting: any)
    // Other objects are not its state.
    if mirror.displayStyle == .class { return 1 }
    return max(1, mirror.children.reduce(0) { $0 + values(in: $1.value) })
  }
}
