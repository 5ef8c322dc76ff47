import GRPCCore
import SwiftProtobuf

@testable import Containerd

/// What is left in containerd, for tests that expect nothing.
extension ContainerdClient {
  func contentCount() async throws -> Int { try await ContentStore(client: self).sizes().count }

  func leaseCount() async throws -> Int {
    try await call("list leases") { try await leases.list(.init(), metadata: $0, options: $1).leases.count }
  }

  /// What a process killed in the middle of a pull leaves.
  func leaveLease() async throws {
    try await call("create a lease") { metadata, options in
      var request = Containerd_Services_Leases_V1_CreateRequest()
      request.id = "warren-image-left"
      request.labels = ["warren.purpose": "image", "warren.owner": ""]
      _ = try await leases.create(request, metadata: metadata, options: options)
    }
  }

  /// The container's snapshot stays.
  func removeRecord(of container: String) async throws {
    try await call("delete a record") { metadata, options in
      _ = try await containers.delete(.with { $0.id = container }, metadata: metadata, options: options)
    }
  }

  func snapshotCount() async throws -> Int {
    try await call("list snapshots") { metadata, options in
      var request = Containerd_Services_Snapshots_V1_ListSnapshotsRequest()
      request.snapshotter = "overlayfs"
      return try await snapshots.list(request, metadata: metadata, options: options) { response in
        var count = 0
        for try await part in response.messages { count += part.info.count }
        return count
      }
    }
  }

  /// Bytes of unfinished content by reference.
  func unfinished() async throws -> [String: Int64] {
    try await call("list unfinished content") { metadata, options in
      let statuses = try await content.listStatuses(.init(), metadata: metadata, options: options).statuses
      return Dictionary(statuses.map { ($0.ref, $0.offset) }) { first, _ in first }
    }
  }
}
