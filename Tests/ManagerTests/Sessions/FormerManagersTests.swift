import ClusterModel
import NIOConcurrencyHelpers
import TestKit
import Testing
import Worker

@testable import Manager

/// A worker that has heard of the managers with which its cluster was recovered obeys none of those from before.
@Suite struct FormerManagersTests {
  @Test func aWorkerObeysNoneOfAnEarlierGroup() async throws {
    try await SessionFixture.run { fixture in
      func become(_ founder: UInt64) async throws {
        try await fixture.store.update { transaction in
          var cluster = transaction.view.cluster ?? Cluster(id: "c")
          cluster.founder = founder
          try transaction.put(cluster)
        }
      }
      try await become(5)
      let session = try fixture.session()
      for try await _ in try await session.open(SessionFixture.node) { break }
      #expect(try await fixture.journal.founder() == 5)
      try await become(7)
      for try await _ in try await session.open(SessionFixture.node) { break }
      #expect(try await fixture.journal.founder() == 7)

      // Also after a restart of the worker.
      for session in [session, try fixture.session()] {
        for earlier in [UInt64(0), 5, 6] {
          try await become(earlier)
          let error = await #expect(throws: WarrenError.self) { try await session.open(SessionFixture.node) }
          #expect(error?.message.contains("recovered or restored without it") == true)
        }
      }
      try await become(7)
      for try await assignment in try await session.open(SessionFixture.node) {
        #expect(assignment == .complete([]))
        break
      }
      #expect(try await fixture.journal.founder() == 7)
    }
  }
}
