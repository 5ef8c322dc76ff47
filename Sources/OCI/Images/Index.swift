/// One image for several platforms, or the table of contents of an OCI layout.
/// https://github.com/opencontainers/image-spec/blob/main/image-index.md
package struct Index: Hashable, Sendable, Codable {
  package var schemaVersion: Int
  package var mediaType: String?
  package var manifests: [Descriptor]
  package var annotations: [String: String]?

  package init(mediaType: String? = MediaType.ociIndex, manifests: [Descriptor], annotations: [String: String]? = nil) {
    schemaVersion = 2
    self.mediaType = mediaType
    self.manifests = manifests
    self.annotations = annotations
  }

  /// The manifest that runs best on `host`. An entry that names no platform is taken only when none that does fits;
  /// the caller then compares the image's configuration.
  /// - Throws: `OCIError` naming the platforms there are.
  package func manifest(for host: Platform) throws(OCIError) -> Descriptor {
    let images = manifests.filter { MediaType.isManifest($0.mediaType) || MediaType.isIndex($0.mediaType) }
    let ranked = images.compactMap { entry in entry.platform.flatMap { host.rank(of: $0) }.map { (entry, $0) } }
    if let best = ranked.min(by: { $0.1 < $1.1 }) { return best.0 }
    if let unnamed = images.first(where: { $0.platform == nil }) { return unnamed }
    let available = images.compactMap(\.platform).filter { $0.os != "unknown" }.map(\.description)
    throw OCIError(
      "the image has no variant for \(host)" + (available.isEmpty ? "" : "; available: \(Set(available).sorted().joined(separator: ", "))"))
  }
}
