import ClusterModel
import FoundationEssentials
import GRPCCore
import NIOConcurrencyHelpers
import SwiftProtobuf

/// Leases keep what a pull or a load has written so far from containerd's garbage collection.
struct Leases: Sendable {
  let client: ContainerdClient
  /// Whose they are: several nodes may share a containerd.
  let owner: String
  /// Those in use. One that is in containerd and not in here was left behind.
  private let active = NIOLockedValueBox<Set<String>>([])

  private static let purposeLabel = "warren.purpose"
  private static let ownerLabel = "warren.owner"
  private static let purpose = "image"

  init(client: ContainerdClient, owner: String) {
    self.client = client
    self.owner = owner
  }

  /// Runs `body` under a fresh lease, which goes away with it, also when the task is cancelled.
  /// - Parameter collect: whether what nothing refers to is removed at once, rather than by and by.
  func with<R: Sendable>(collect: Bool, _ body: (String) async throws -> R) async throws -> R {
    let id = "warren-image-" + String(UInt64.random(in: .min ... .max), radix: 36)
    let expiry = Date(timeIntervalSinceNow: 24 * 3600).formatted(.iso8601)
    active.withLockedValue { _ = $0.insert(id) }
    defer { active.withLockedValue { _ = $0.remove(id) } }
    try await client.call("create a lease") { metadata, options in
      _ = try await client.leases.create(
        .with {
          $0.id = id
          $0.labels = ["containerd.io/gc.expire": expiry, Self.purposeLabel: Self.purpose, Self.ownerLabel: owner]
        }, metadata: metadata, options: options)
    }
    do {
      let result = try await body(id)
      await delete(id, collect: collect)
      return result
    } catch {
      await delete(id, collect: true)
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

  /// Removes the leases of a process that was killed, and those that could not be removed.
  func removeLeftovers() async throws {
    let leases = try await client.call("list leases") { metadata, options in
      try await client.leases.list(.init(), metadata: metadata, options: options).leases
    }
    // containerd does not keep a label without a value.
    let ours = leases.filter { $0.labels[Self.purposeLabel] == Self.purpose && $0.labels[Self.ownerLabel, default: ""] == owner }
    // After the list: a lease is in use before it is made.
    for id in Set(ours.map(\.id)).subtracting(active.withLockedValue { $0 }) { await delete(id, collect: true) }
  }

  /// Best effort, and whatever became of the caller's task: a lease that stays expires by itself.
  private func delete(_ id: String, collect: Bool) async {
    await client.cleanUp("delete the lease \(id)") { [client] metadata, options in
      _ = try await client.leases.delete(
        .with {
          $0.id = id
          $0.sync = collect
        }, metadata: metadata, options: options)
    }
  }
}
