package import OCI

/// An image that is on this node and unpacked: containers can be made from it at once.
package struct PreparedImage: Sendable, Hashable {
  /// Its name in containerd: the normalised reference.
  package var reference: String
  /// Of the index, or of the manifest where there is no index: what a registry calls the image's digest.
  package var digest: String
  package var config: ImageConfig
  /// The snapshot to prepare a container's file system on.
  package var chainID: String
  /// `overlayfs`, or `native` where the kernel or the disk cannot do that.
  package var snapshotter: String

  package init(reference: String, digest: String, config: ImageConfig, chainID: String, snapshotter: String) {
    self.reference = reference
    self.digest = digest
    self.config = config
    self.chainID = chainID
    self.snapshotter = snapshotter
  }
}
