import ClusterModel
import OCI

/// Makes an image out of content that is in containerd: chooses the platform, ties the content together, unpacks, names.
struct ImageInstaller: Sendable {
  let client: ContainerdClient
  let leases: Leases
  let platform: Platform
  let snapshotter: String

  var content: ContentStore { ContentStore(client: client) }

  /// The parts of one image that run on this node.
  struct Parts: Sendable {
    /// From the named target down to the manifest: often one index, sometimes none.
    var indexes: [Digest] = []
    var manifestDescriptor: Descriptor
    var manifest: Manifest
    var config: ImageConfig

    /// Bytes of what a container needs.
    var size: Int64 { manifestDescriptor.size + manifest.config.size + manifest.layers.reduce(0) { $0 + $1.size } }
  }

  /// Reads the manifest and configuration of `target` for this platform.
  /// - Throws: `WarrenError`: `.notFound` if a part is not in containerd, `.failedPrecondition` if there is none for this platform.
  func parts(of target: Descriptor, name: String) async throws -> Parts {
    var current = target
    var indexes: [Digest] = []
    while MediaType.isIndex(current.mediaType) {
      guard indexes.count < 4 else { throw WarrenError(.invalidArgument, "the index of image \(name) is nested too deeply: build the image again.") }
      indexes.append(current.digest)
      current = try choose(from: try await content.decode(Index.self, current.digest), name: name)
    }
    let manifest = try await content.decode(Manifest.self, current.digest)
    try check(manifest, name: name)
    let config = try await content.decode(ImageConfig.self, manifest.config.digest)
    try check(config, name: name)
    return Parts(indexes: indexes, manifestDescriptor: current, manifest: manifest, config: config)
  }

  func choose(from index: Index, name: String) throws -> Descriptor {
    do { return try index.manifest(for: platform) } catch {
      throw WarrenError(
        .failedPrecondition, "cannot run image \(name) on this node: \(error). Build it for \(platform), or place the service on other nodes.",
        cause: PlatformMismatch())
    }
  }

  func check(_ manifest: Manifest, name: String) throws {
    do { try manifest.validate() } catch {
      throw WarrenError(.failedPrecondition, "cannot run image \(name): \(error). Build the image with a current tool.")
    }
  }

  func check(_ config: ImageConfig, name: String) throws {
    guard platform.rank(of: config.platform) != nil else {
      throw WarrenError(
        .failedPrecondition,
        "cannot run image \(name) on this node: it is built for \(config.platform) and the node is \(platform). Build it for \(platform), or place the service on other nodes.",
        cause: PlatformMismatch())
    }
  }

  /// All content of `parts` is there: unpack it and give it its name.
  func install(_ parts: Parts, as name: String, target: Descriptor, lease: String, meter: PullMeter) async throws -> PreparedImage {
    var below = parts.manifestDescriptor.digest
    for index in parts.indexes.reversed() {
      try await content.label(index, ["containerd.io/gc.ref.content.m.0": "\(below)"])
      below = index
    }
    var edges = ["containerd.io/gc.ref.content.config": "\(parts.manifest.config.digest)"]
    for (number, layer) in parts.manifest.layers.enumerated() { edges["containerd.io/gc.ref.content.l.\(number)"] = "\(layer.digest)" }
    try await content.label(parts.manifestDescriptor.digest, edges)

    let count = parts.manifest.layers.count
    let top = try await Unpacker(client: client, snapshotter: snapshotter)
      .unpack(parts.manifest, parts.config, lease: lease) { meter.say("unpacking layer \($0 + 1) of \(count)") }
    try await content.label(parts.manifest.config.digest, ["containerd.io/gc.ref.snapshot.\(snapshotter)": "\(top)"])
    try await ImageNames(client: client).set(name, to: target, lease: lease)
    return prepared(parts, name: name, target: target, top: top)
  }

  /// The image under `name` if all of it is here and unpacked, else nil.
  func installed(_ entry: ImageNames.Entry) async throws -> PreparedImage? {
    guard let parts = try await unlessMissing({ try await parts(of: entry.target, name: entry.name) }) else { return nil }
    guard let top = Digest.chainIDs(of: parts.config.diffIDs).last,
      try await Unpacker(client: client, snapshotter: snapshotter).exists("\(top)")
    else { return nil }
    return prepared(parts, name: entry.name, target: entry.target, top: top)
  }

  /// Whether the snapshots of an image that was prepared before are still here.
  func isUnpacked(_ image: PreparedImage) async throws -> Bool {
    try await Unpacker(client: client, snapshotter: image.snapshotter).exists(image.chainID)
  }

  private func prepared(_ parts: Parts, name: String, target: Descriptor, top: Digest) -> PreparedImage {
    PreparedImage(reference: name, digest: "\(target.digest)", config: parts.config, chainID: "\(top)", snapshotter: snapshotter)
  }
}
