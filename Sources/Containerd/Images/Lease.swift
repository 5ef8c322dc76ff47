import ClusterModel
import FoundationEssentials
import GRPCCore
import SwiftProtobuf

/// Keeps what a pull or a load has written so far from containerd's garbage collection.
enum Lease {
  /// Marks the leases that a crash of ours may leave behind.
  static let label = "warren.purpose"
  private static let purpose = "image"

  /// Runs `body` under a fresh lease, which goes away with it, also when the task is cancelled.
  /// - Parameter collect: whether what nothing refers to is removed at once, rather than by and by.
  static func with<R: Sendable>(_ client: ContainerdClient, collect: Bool, _ body: (String) async throws -> R) async throws -> R {
    let id = "warren-image-" + String(UInt64.random(in: .min ... .max), radix: 36)
    let expiry = Date(timeIntervalSinceNow: 24 * 3600).formatted(.iso8601)
    try await client.call("create a lease") { metadata, options in
      _ = try await client.leases.create(
        .with {
          $0.id = id
          $0.labels = ["containerd.io/gc.expire": expiry, label: purpose]
        }, metadata: metadata, options: options)
    }
    do {
      let result = try await body(id)
      await delete(id, client: client, collect: collect)
      return result
    } catch {
      await delete(id, client: client, collect: true)
      throw error
    }
  }

  static func add(resource: String, type: String, to lease: String, client: ContainerdClient) async throws {
    try await client.call("keep \(resource)") { metadata, options in
      _ = try await client.leases.addResource(
        .with {
          $0.id = lease
          $0.resource.id = resource
          $0.resource.type = type
        }, metadata: metadata, options: options)
    }
  }

  /// Removes the leases of a process that was killed.
  static func removeLeftovers(_ client: ContainerdClient) async throws {
    let leases = try await client.call("list leases") { metadata, options in
      try await client.leases.list(.init(), metadata: metadata, options: options).leases
    }
    for lease in leases where lease.labels[label] == purpose { await delete(lease.id, client: client, collect: true) }
  }

  /// Best effort, and whatever became of the caller's task: a lease that stays expires by itself.
  private static func delete(_ id: String, client: ContainerdClient, collect: Bool) async {
    await Task {
      _ = try? await client.call("delete the lease \(id)") { metadata, options in
        try await client.leases.delete(
          .with {
            $0.id = id
            $0.sync = collect
          }, metadata: metadata, options: options)
      }
    }.value
  }
}
