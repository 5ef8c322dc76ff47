/// What an OCI runtime is told about a container: its `config.json`.
///
/// Only the parts Warren writes. https://github.com/opencontainers/runtime-spec/blob/main/config.md
package struct RuntimeSpec: Codable, Hashable, Sendable {
  package var ociVersion = "1.0.2"
  package var process: Process
  package var root: Root
  package var hostname: String?
  package var mounts: [Mount] = []
  package var linux = Linux()

  package init(process: Process, root: Root) {
    self.process = process
    self.root = root
  }

  package struct Root: Codable, Hashable, Sendable {
    /// Relative to the bundle, which the shim makes.
    package var path = "rootfs"
    package var readonly: Bool

    package init(readonly: Bool = false) { self.readonly = readonly }
  }

  package struct Mount: Codable, Hashable, Sendable {
    package var destination: String
    package var type: String
    package var source: String
    package var options: [String]

    package init(_ destination: String, type: String, source: String, options: [String]) {
      self.destination = destination
      self.type = type
      self.source = source
      self.options = options
    }
  }
}
