/// The names of what a registry serves: OCI's and the older ones of Docker, which mean the same.
/// https://github.com/opencontainers/image-spec/blob/main/media-types.md
package enum MediaType {
  package static let ociIndex = "application/vnd.oci.image.index.v1+json"
  package static let ociManifest = "application/vnd.oci.image.manifest.v1+json"
  package static let ociConfig = "application/vnd.oci.image.config.v1+json"
  package static let ociLayer = "application/vnd.oci.image.layer.v1.tar"
  package static let dockerIndex = "application/vnd.docker.distribution.manifest.list.v2+json"
  package static let dockerManifest = "application/vnd.docker.distribution.manifest.v2+json"
  package static let dockerConfig = "application/vnd.docker.container.image.v1+json"
  package static let dockerLayer = "application/vnd.docker.image.rootfs.diff.tar"

  package static func isIndex(_ type: String) -> Bool { type == ociIndex || type == dockerIndex }
  package static func isManifest(_ type: String) -> Bool { type == ociManifest || type == dockerManifest }
  package static func isConfig(_ type: String) -> Bool { type == ociConfig || type == dockerConfig }

  /// Layers that containerd can unpack: tar, plain or compressed with gzip or zstd.
  package static func isLayer(_ type: String) -> Bool {
    let base = [
      ociLayer, dockerLayer, "application/vnd.oci.image.layer.nondistributable.v1.tar", "application/vnd.docker.image.rootfs.foreign.diff.tar",
    ]
    return base.contains { type == $0 || type == $0 + "+gzip" || type == $0 + "+zstd" || type == $0 + ".gzip" || type == $0 + ".zstd" }
  }
}
