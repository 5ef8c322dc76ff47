import ClusterModel
import FoundationEssentials
import OCI

/// What an archive held, once its blobs are in containerd: either an OCI layout or what `docker save` writes.
/// https://github.com/opencontainers/image-spec/blob/main/image-layout.md
struct ImageArchive: Sendable {
  struct StoredFile: Hashable, Sendable {
    var digest: Digest
    var size: Int64
    var compression: Decompression?
  }

  struct DockerEntry: Decodable, Sendable {
    var Config: String
    var RepoTags: [String]?
    var Layers: [String]
  }

  /// One image to install.
  struct Image: Sendable {
    enum Source: Sendable {
      case descriptor(Descriptor)
      case docker(config: StoredFile, layers: [StoredFile])
    }

    var name: ImageReference
    var source: Source
  }

  static let documents: Set<String> = ["index.json", "manifest.json", "oci-layout"]

  /// The small files in `documents`.
  var texts: [String: [UInt8]] = [:]
  var files: [String: StoredFile] = [:]
  var links: [String: String] = [:]

  /// - Throws: `WarrenError` if there is nothing to load, or something is missing.
  func images(for platform: Platform) throws -> [Image] {
    let index = try texts["index.json"].map { try decode(Index.self, $0, "index.json") }
    let entries = try texts["manifest.json"].map { try decode([DockerEntry].self, $0, "manifest.json") }
    guard index != nil || entries != nil else {
      throw TarReader.damaged("it has neither index.json (OCI layout) nor manifest.json (docker save)")
    }
    var images = try index.map { try ociImages($0, platform) } ?? []
    if images.isEmpty { images = try dockerImages(entries ?? []) }
    guard !images.isEmpty else {
      throw WarrenError(
        .invalidArgument,
        "the images in the archive have no names: name them when making it, for example docker save NAME:TAG, or skopeo copy oci:DIR:TAG oci-archive:FILE:NAME:TAG."
      )
    }
    return images
  }

  /// Entries of one name are the same image for several platforms.
  private func ociImages(_ index: Index, _ platform: Platform) throws -> [Image] {
    var order: [ImageReference] = []
    var byName: [ImageReference: [Descriptor]] = [:]
    for entry in index.manifests {
      guard let name = try Self.name(of: entry) else { continue }
      if byName[name] == nil { order.append(name) }
      byName[name, default: []].append(entry)
    }
    return try order.map { name in
      let entries = byName[name] ?? []
      if entries.count == 1 { return Image(name: name, source: .descriptor(entries[0])) }
      do { return Image(name: name, source: .descriptor(try Index(manifests: entries).manifest(for: platform))) } catch {
        throw WarrenError(.failedPrecondition, "cannot run image \(name) on this node: \(error). Build it for \(platform).")
      }
    }
  }

  /// containerd's annotation has the whole name; OCI's has that, or only a tag, which says too little.
  private static func name(of entry: Descriptor) throws -> ImageReference? {
    let annotations = entry.annotations ?? [:]
    let written =
      annotations["io.containerd.image.name"]
      ?? annotations["org.opencontainers.image.ref.name"].flatMap { $0.contains(where: { $0 == ":" || $0 == "/" }) ? $0 : nil }
    return try written.map(reference)
  }

  private func dockerImages(_ entries: [DockerEntry]) throws -> [Image] {
    try entries.flatMap { entry in
      let config = try file(entry.Config)
      let layers = try entry.Layers.map(file)
      return try (entry.RepoTags ?? []).map { Image(name: try Self.reference($0), source: .docker(config: config, layers: layers)) }
    }
  }

  /// Old versions of Docker write one layer and link the rest to it.
  private func file(_ path: String) throws -> StoredFile {
    var path = try TarReader.normalize(path)
    for _ in 0..<16 {
      if let file = files[path] { return file }
      guard let next = links[path] else { break }
      path = next
    }
    throw TarReader.damaged("\(path) is missing from it")
  }

  private static func reference(_ text: String) throws -> ImageReference {
    do { return try ImageReference(text) } catch { throw TarReader.damaged("\(error)") }
  }

  private func decode<T: Decodable>(_ type: T.Type, _ bytes: [UInt8], _ name: String) throws -> T {
    do { return try JSONDecoder().decode(type, from: Data(bytes)) } catch {
      throw WarrenError(.invalidArgument, "the image archive cannot be read: \(name) in it is not valid. Make the archive again.", cause: error)
    }
  }
}
