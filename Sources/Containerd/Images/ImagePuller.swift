import ClusterModel
import FoundationEssentials
import NIOCore
import OCI

/// Brings one image from its registry into containerd. containerd.md: content under a lease, snapshots, then the name.
struct ImagePuller: Sendable {
  let installer: ImageInstaller
  let registry: RegistryConfiguration

  private var content: ContentStore { installer.content }

  func pull(_ reference: ImageReference, meter: PullMeter) async throws -> PreparedImage {
    meter.say("resolving \(reference)")
    return try await RegistryClient.withClient(for: reference.registry, registry) { client in
      try await installer.leases.with(collect: false) { lease in
        let root = try await client.resolve(reference)
        let parts = try await fetchDocuments(root, reference, from: client, lease: lease)
        let layers = parts.manifest.layers
        meter.expect(layers.reduce(0) { $0 + $1.size })
        try await fetchLayers(layers, reference, from: client, lease: lease, meter: meter)
        let prepared = try await installer.install(parts, as: "\(reference)", target: root.descriptor, lease: lease, meter: meter)
        meter.say("pulled \(reference)")
        return prepared
      }
    }
  }

  /// Indexes, manifest and configuration.
  private func fetchDocuments(
    _ root: FetchedManifest, _ reference: ImageReference, from client: RegistryClient, lease: String
  ) async throws -> ImageInstaller.Parts {
    var current = root
    var indexes: [Digest] = []
    while MediaType.isIndex(current.descriptor.mediaType) {
      guard indexes.count < 4 else {
        throw WarrenError(.invalidArgument, "the index of image \(reference) is nested too deeply: build the image again.")
      }
      try await content.store(current.bytes, as: current.descriptor, labels: source(reference), lease: lease)
      indexes.append(current.descriptor.digest)
      let chosen = try installer.choose(from: try decode(Index.self, current, reference), name: "\(reference)")
      current = try await client.manifest(chosen, of: reference)
    }
    let manifest = try decode(Manifest.self, current, reference)
    try installer.check(manifest, name: "\(reference)")
    try await content.store(current.bytes, as: current.descriptor, labels: source(reference), lease: lease)
    guard manifest.config.size <= ContentStore.maximumDocument else {
      throw WarrenError(.resourceExhausted, "the configuration of image \(reference) is larger than 8 MiB, which is refused: build the image again.")
    }
    try await fetch(manifest.config, reference, from: client, lease: lease) { _ in }
    let config = try await content.decode(ImageConfig.self, manifest.config.digest)
    try installer.check(config, name: "\(reference)")
    return .init(indexes: indexes, manifestDescriptor: current.descriptor, manifest: manifest, config: config)
  }

  private func fetchLayers(_ layers: [Descriptor], _ reference: ImageReference, from client: RegistryClient, lease: String, meter: PullMeter)
    async throws
  {
    var seen: Set<Digest> = []
    var waiting = layers.filter { seen.insert($0.digest).inserted }[...]
    try await withThrowingTaskGroup(of: Void.self) { group in
      func next() {
        guard let layer = waiting.popFirst() else { return }
        group.addTask {
          try await fetch(layer, reference, from: client, lease: lease) { meter.reached("\(layer.digest)", $0) }
        }
      }
      for _ in 0..<max(1, registry.downloadsAtOnce) { next() }
      while try await group.next() != nil { next() }
    }
  }

  /// Downloads a blob that may be there, or be half there.
  private func fetch(
    _ blob: Descriptor, _ reference: ImageReference, from client: RegistryClient, lease: String, progress: @escaping @Sendable (Int64) -> Void
  ) async throws {
    let sink = ContentSink(content: content, descriptor: blob)
    try await client.download(blob, of: reference, into: sink, progress: progress)
    do { try await sink.commit(labels: source(reference), lease: lease) } catch let error as WarrenError where error.code == .dataLoss {
      // The part left by an earlier attempt may have been the damaged one: once more from the start.
      try await client.download(blob, of: reference, into: sink, progress: progress)
      try await sink.commit(labels: source(reference), lease: lease)
    }
  }

  /// Where the content came from, in containerd's words; label values end at 4096 bytes, which no repository reaches.
  private func source(_ reference: ImageReference) -> [String: String] {
    ["containerd.io/distribution.source.\(reference.registry)": reference.repository]
  }

  private func decode<T: Decodable>(_ type: T.Type, _ document: FetchedManifest, _ reference: ImageReference) throws -> T {
    do { return try JSONDecoder().decode(type, from: Data(document.bytes)) } catch {
      throw WarrenError(
        .invalidArgument, "manifest \(document.descriptor.digest) of image \(reference) is not valid: build the image again.", cause: error)
    }
  }
}
