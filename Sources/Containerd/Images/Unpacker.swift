import ClusterModel
import GRPCCore
import OCI
import SwiftProtobuf

/// Turns the layers of an image into a chain of snapshots.
struct Unpacker: Sendable {
  let client: ContainerdClient
  let snapshotter: String

  /// Those that may be used, the best first.
  static let snapshotters = ["overlayfs", "native"]

  /// overlayfs where it works, else native copies.
  static func choose(_ client: ContainerdClient) async throws -> String {
    for name in snapshotters {
      do {
        _ = try await Unpacker(client: client, snapshotter: name).exists("warren-probe")
        return name
      } catch let error as WarrenError where error.code == .invalidArgument || error.code == .failedPrecondition { continue }
    }
    throw WarrenError(.failedPrecondition, "containerd has neither the overlayfs nor the native snapshotter: see its log for why they did not load.")
  }

  func exists(_ name: String) async throws -> Bool {
    let found: Void? = try await unlessMissing {
      try await client.call("look up snapshot \(name)") { metadata, options in
        _ = try await client.snapshots.stat(
          .with {
            $0.snapshotter = snapshotter
            $0.key = name
          }, metadata: metadata, options: options)
      }
    }
    return found != nil
  }

  /// Unpacks what is not unpacked yet, under `lease`.
  /// - Returns: the top of the chain.
  func unpack(_ manifest: Manifest, _ config: ImageConfig, lease: String, progress: (_ layer: Int) -> Void) async throws -> Digest {
    let chain = Digest.chainIDs(of: config.diffIDs)
    guard chain.count == manifest.layers.count, let top = chain.last else {
      throw WarrenError(
        .invalidArgument,
        "the image has \(manifest.layers.count) layers but its configuration lists \(chain.count): it is damaged, or has none; build it again.")
    }
    if try await keepExisting(top, lease) { return top }
    for (number, layer) in manifest.layers.enumerated() {
      if try await keepExisting(chain[number], lease) { continue }
      progress(number)
      try await apply(layer, diffID: config.diffIDs[number], name: chain[number], parent: number == 0 ? nil : chain[number - 1], lease: lease)
    }
    return top
  }

  /// The lease first, then the look: so what is found cannot be collected in between.
  private func keepExisting(_ name: Digest, _ lease: String) async throws -> Bool {
    try await Leases.add(resource: "\(name)", type: "snapshots/\(snapshotter)", to: lease, client: client)
    return try await exists("\(name)")
  }

  private func apply(_ layer: Descriptor, diffID: Digest, name: Digest, parent: Digest?, lease: String) async throws {
    let key = "extract-\(String(UInt64.random(in: .min ... .max), radix: 36)) \(name)"
    let mounts: [Containerd_Types_Mount]
    do {
      mounts = try await client.call("prepare a snapshot for layer \(layer.digest)", lease: lease) { metadata, options in
        try await client.snapshots.prepare(
          .with {
            $0.snapshotter = snapshotter
            $0.key = key
            $0.parent = parent?.description ?? ""
            $0.labels = ["containerd.io/snapshot.ref": "\(name)"]
          }, metadata: metadata, options: options
        ).mounts
      }
    } catch let error as WarrenError where error.code == .alreadyExists { return }
    do {
      let applied = try await client.call("unpack layer \(layer.digest)", timeout: nil, lease: lease) { metadata, options in
        try await client.diff.apply(
          .with {
            $0.diff = Containerd_Types_Descriptor(layer)
            $0.mounts = mounts
          }, metadata: metadata, options: options
        ).applied.digest
      }
      guard applied == "\(diffID)" else {
        throw WarrenError(
          .dataLoss, "layer \(layer.digest) unpacks to \(applied), not to \(diffID) as the image says: the image is damaged; build it again.")
      }
      try await commit(key: key, name: name, lease: lease)
      try await ContentStore(client: client).label(layer.digest, ["containerd.io/uncompressed": "\(diffID)"])
    } catch {
      await remove(key)
      throw error
    }
  }

  private func commit(key: String, name: Digest, lease: String) async throws {
    do {
      try await client.call("commit snapshot \(name)", lease: lease) { metadata, options in
        _ = try await client.snapshots.commit(
          .with {
            $0.snapshotter = snapshotter
            $0.key = key
            $0.name = "\(name)"
          }, metadata: metadata, options: options)
      }
    } catch let error as WarrenError where error.code == .alreadyExists {
      await remove(key)
    }
  }

  private func remove(_ key: String) async {
    await client.cleanUp("remove snapshot \(key)") { [client, snapshotter] metadata, options in
      _ = try await client.snapshots.remove(
        .with {
          $0.snapshotter = snapshotter
          $0.key = key
        }, metadata: metadata, options: options)
    }
  }
}

extension Containerd_Types_Descriptor {
  init(_ descriptor: Descriptor) {
    self = .with {
      $0.mediaType = descriptor.mediaType
      $0.digest = "\(descriptor.digest)"
      $0.size = descriptor.size
    }
  }
}
