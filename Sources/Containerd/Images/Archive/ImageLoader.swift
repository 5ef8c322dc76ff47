import ClusterModel
import FoundationEssentials
import NIOCore
import OCI

/// Loads image archives into containerd: everything under one lease, so that of an archive that turns out broken nothing stays.
struct ImageLoader: Sendable {
  let installer: ImageInstaller

  private var content: ContentStore { installer.content }

  /// - Returns: the names of the images, sorted.
  func load(_ archive: AsyncThrowingStream<[UInt8], any Error>) async throws -> [String] {
    try await installer.leases.with(collect: true) { lease in
      let stored = try await Decompression.read(archive) { try await store($0, lease: lease) }
      // All that can be wrong with any of them shows before the first one is named.
      var ready: [(name: String, target: Descriptor, parts: ImageInstaller.Parts)] = []
      for image in try stored.images(for: installer.platform) {
        let target = try await target(of: image, lease: lease)
        ready.append(("\(image.name)", target, try await checkedParts(of: target, name: image.name)))
      }
      for image in ready {
        _ = try await installer.install(image.parts, as: image.name, target: image.target, lease: lease, meter: PullMeter { _ in })
      }
      return ready.map(\.name).sorted()
    }
  }

  private func store(_ plain: any AsyncSequence<[UInt8], any Error> & Sendable, lease: String) async throws -> ImageArchive {
    var archive = ImageArchive()
    let reader = TarReader(plain)
    while let entry = try await reader.next() {
      switch entry.kind {
      case .hardLink, .symbolicLink: archive.links[entry.path] = entry.link
      case .file where ImageArchive.documents.contains(entry.path):
        archive.texts[entry.path] = try await reader.readAll(limit: ContentStore.maximumDocument)
      case .file where entry.size > 0:
        archive.files[entry.path] = try await store(entry, reader, lease: lease)
      default: break
      }
    }
    return archive
  }

  /// Streams one file into the content store. A blob of a layout is checked against the digest that is its name.
  private func store(_ entry: TarReader.Entry, _ reader: TarReader, lease: String) async throws -> ImageArchive.StoredFile {
    let blobs = "blobs/sha256/"
    let expected = entry.path.hasPrefix(blobs) ? try? Digest(hex: String(entry.path.dropFirst(blobs.count))) : nil
    let first = try await reader.read() ?? ByteBuffer()
    let compression = Decompression(magic: Array(first.readableBytesView.prefix(4)))
    let ref = "\(lease)-\(entry.path)"
    let ingest = Ingest(client: installer.client, ref: ref, total: entry.size, expected: expected, lease: lease)
    do {
      let digest = try await ingest.run { session in
        try await session.write(first)
        while let chunk = try await reader.read() { try await session.write(chunk) }
        return try await session.commit(labels: [:])
      }
      return .init(digest: digest, size: entry.size, compression: compression)
    } catch let error as WarrenError where error.code == .alreadyExists {
      guard let digest = expected ?? Self.existing(error) else { throw error }
      try await content.keep(digest, in: lease)
      return .init(digest: digest, size: entry.size, compression: compression)
    } catch let error as WarrenError where error.code == .failedPrecondition && expected != nil {
      await content.abort(ref)
      throw TarReader.damaged("the content of \(entry.path) does not have that digest")
    }
  }

  /// containerd names the content that is there already: `content sha256:…: already exists`.
  private static func existing(_ error: WarrenError) -> Digest? {
    guard let start = error.message.firstRange(of: "sha256:") else { return nil }
    return try? Digest(hex: String(error.message[start.upperBound...].prefix(64)))
  }

  /// `docker save` has no manifest of the kind registries know: make it.
  private func target(of image: ImageArchive.Image, lease: String) async throws -> Descriptor {
    switch image.source {
    case .descriptor(let descriptor): return descriptor
    case .docker(let config, let layers):
      let manifest = Manifest(
        mediaType: MediaType.ociManifest, config: Descriptor(mediaType: MediaType.ociConfig, digest: config.digest, size: config.size),
        layers: layers.map { Descriptor(mediaType: MediaType.ociLayer + ($0.compression?.layerSuffix ?? ""), digest: $0.digest, size: $0.size) })
      let encoder = JSONEncoder()
      encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
      let bytes = Array(try encoder.encode(manifest))
      let descriptor = Descriptor(mediaType: MediaType.ociManifest, digest: Digest(of: bytes), size: Int64(bytes.count))
      try await content.store(bytes, as: descriptor, lease: lease)
      return descriptor
    }
  }

  /// - Throws: `WarrenError` naming what the archive lacks.
  private func checkedParts(of target: Descriptor, name: ImageReference) async throws -> ImageInstaller.Parts {
    let parts: ImageInstaller.Parts
    do { parts = try await installer.parts(of: target, name: "\(name)") } catch let error as WarrenError where error.code == .notFound {
      throw TarReader.damaged("a manifest or the configuration of image \(name) is missing from it")
    }
    for layer in parts.manifest.layers {
      guard let size = try await content.size(of: layer.digest) else {
        throw TarReader.damaged("layer \(layer.digest) of image \(name) is missing from it")
      }
      guard size == layer.size else { throw TarReader.damaged("layer \(layer.digest) of image \(name) has \(size) bytes instead of \(layer.size)") }
    }
    return parts
  }
}
