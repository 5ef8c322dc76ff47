import ClusterModel
import GRPCCore
import SwiftProtobuf

/// The snapshots that layers of images were unpacked into.
struct UnpackedLayers: Sendable {
  let client: ContainerdClient

  /// What all of them take on the disk. What containers write is not in it.
  func size() async throws -> Int64 {
    var total: Int64 = 0
    for snapshotter in Unpacker.snapshotters {
      do {
        for name in try await names(snapshotter) { total += try await size(of: name, snapshotter) ?? 0 }
      } catch let error as WarrenError where error.code == .invalidArgument || error.code == .notFound {
        // This containerd has no such snapshotter.
        continue
      }
    }
    return total
  }

  private func names(_ snapshotter: String) async throws -> [String] {
    try await client.call("list the unpacked layers") { metadata, options in
      try await client.snapshots.list(.with { $0.snapshotter = snapshotter }, metadata: metadata, options: options) { response in
        var names: [String] = []
        for try await message in response.messages { names += message.info.filter { $0.kind == .committed }.map(\.name) }
        return names
      }
    }
  }

  /// Nil when it has been removed meanwhile.
  private func size(of name: String, _ snapshotter: String) async throws -> Int64? {
    try await unlessMissing {
      try await client.call("measure snapshot \(name)") { metadata, options in
        try await client.snapshots.usage(
          .with {
            $0.snapshotter = snapshotter
            $0.key = name
          }, metadata: metadata, options: options
        ).size
      }
    }
  }
}
