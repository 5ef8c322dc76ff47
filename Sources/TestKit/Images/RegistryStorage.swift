import Containerd
import FoundationEssentials
package import OCI

/// Puts images straight into the directory of a `docker-registry` (package docker-registry, storage driver `filesystem`).
package struct RegistryStorage: Sendable {
  package let root: String

  /// - Parameter root: the `rootdirectory` of the registry's configuration.
  package init(root: String) { self.root = root }

  package func put(_ image: TestImage, repository: String, tag: String) throws {
    for blob in image.blobs { try put(blob: blob.bytes, blob.digest) }
    for descriptor in image.manifest.layers + [image.manifest.config] {
      try link(descriptor.digest, "\(repository)/_layers/sha256/\(descriptor.digest.hex)")
    }
    try link(image.descriptor.digest, "\(repository)/_manifests/revisions/sha256/\(image.descriptor.digest.hex)")
    try self.tag(image.descriptor.digest, repository: repository, tag: tag)
  }

  /// An index over images that are in the repository already.
  package func put(index: [TestImage], repository: String, tag: String) throws -> Digest {
    let bytes = TestImage.json(Index(manifests: index.map(\.descriptor)))
    let digest = Digest(of: bytes)
    try put(blob: bytes, digest)
    try link(digest, "\(repository)/_manifests/revisions/sha256/\(digest.hex)")
    try self.tag(digest, repository: repository, tag: tag)
    return digest
  }

  package func blobPath(_ digest: Digest) -> String { "\(root)/docker/registry/v2/blobs/sha256/\(digest.hex.prefix(2))/\(digest.hex)/data" }

  private func put(blob bytes: [UInt8], _ digest: Digest) throws { try write(bytes, blobPath(digest)) }

  private func tag(_ digest: Digest, repository: String, tag: String) throws {
    try link(digest, "\(repository)/_manifests/tags/\(tag)/current")
    try link(digest, "\(repository)/_manifests/tags/\(tag)/index/sha256/\(digest.hex)")
  }

  private func link(_ digest: Digest, _ path: String) throws {
    try write(Array("\(digest)".utf8), "\(root)/docker/registry/v2/repositories/\(path)/link")
  }

  private func write(_ bytes: [UInt8], _ path: String) throws {
    try FileManager.default.createDirectory(atPath: String(path[..<(path.lastIndex(of: "/") ?? path.startIndex)]), withIntermediateDirectories: true)
    try Data(bytes).write(to: URL(filePath: path))
  }
}
