import ClusterModel
import SwiftProtobuf
import WarrenAPI

/// Waits until what was decided about a node is so. The manager that is asked may be the one that goes, and falls silent.
struct MembershipWait {
  let client: WarrenClient
  var patience = Duration.seconds(30)

  /// Between questions: there is no stream of nodes or members that could be followed, and whoever is asked may go.
  private static let interval = Duration.milliseconds(200)

  /// False when nobody who could tell answers in time.
  func isGone(_ node: String) async throws -> Bool {
    try await holds {
      do {
        _ = try await client.call { try await $0.getNode(.with { $0.id = node }) }
        return false
      } catch let error as WarrenError where error.code == .notFound {
        return true
      }
    }
  }

  func isWorker(_ node: String) async throws -> Bool {
    try await holds { try await client.call { try await $0.getNode(.with { $0.id = node }) }.node.memberID == 0 }
  }

  func votes(_ node: String) async throws -> Bool {
    try await holds {
      try await client.call { try await $0.getClusterInfo(.init()) }.servers.contains { $0.id == node && $0.suffrage == .voter }
    }
  }

  private func holds(_ condition: () async throws -> Bool) async throws -> Bool {
    let end = ContinuousClock.now + patience
    while ContinuousClock.now < end {
      do { if try await condition() { return true } } catch let error as WarrenError where [.unavailable, .deadlineExceeded].contains(error.code) {}
      try await Task.sleep(for: Self.interval)
    }
    return false
  }
}
