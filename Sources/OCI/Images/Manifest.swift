/// One image for one platform: its configuration and its layers, lowest first.
/// https://github.com/opencontainers/image-spec/blob/main/manifest.md
package struct Manifest: Hashable, Sendable, Codable {
  package var schemaVersion: Int
  /// Docker requires it, OCI makes it optional.
  package var mediaType: String?
  package var config: Descriptor
  package var layers: [Descriptor]
  package var annotations: [String: String]?

  package init(mediaType: String?, config: Descriptor, layers: [Descriptor], annotations: [String: String]? = nil) {
    schemaVersion = 2
    self.mediaType = mediaType
    self.config = config
    self.layers = layers
    self.annotations = annotations
  }

  /// - Throws: `OCIError` if this is not an image Warren can run (an artifact, an unknown layer type, a negative size).
  package func validate() throws(OCIError) {
    guard schemaVersion == 2 else { throw OCIError("the image manifest has schema version \(schemaVersion); only version 2 is supported") }
    guard MediaType.isConfig(config.mediaType) else {
      throw OCIError("it is not a container image: its configuration is of type \"\(config.mediaType.clipped)\"")
    }
    for descriptor in layers + [config] where descriptor.size < 0 {
      throw OCIError("the image manifest gives \(descriptor.digest) the size \(descriptor.size)")
    }
    for layer in layers where !MediaType.isLayer(layer.mediaType) {
      throw OCIError("layer \(layer.digest) is of type \"\(layer.mediaType.clipped)\", which cannot be unpacked")
    }
  }
}
