import ClusterModel

/// A Compose file (https://github.com/compose-spec/compose-spec/blob/main/spec.md), as far as Warren has a counterpart for what it says.
enum ComposeFile {
  private static let unsupportedKeys: [String: String?] = [
    "networks": "containers of a node share a network; publish what others need", "volumes": "mount a folder of the node into the service",
    "secrets": "mount a file of the node, or set an environment variable", "configs": "mount a file of the node",
    "include": "give the other file with a further -f", "models": nil,
  ]

  /// Whether it is one: a document of Warren's own has no such key.
  static func isOne(_ document: DocumentValue) -> Bool {
    document.node.mapping?.contains { key, _ in key.scalar?.string == "services" } ?? false
  }

  static func read(_ document: DocumentValue, _ reading: ComposeReading) throws -> [DeclaredService] {
    var document = document
    document.expand = { text, place in try reading.expand(text, at: place) }
    var services: [DocumentValue.Entry] = []
    for entry in try document.entries() where !entry.key.hasPrefix("x-") {
      switch entry.key {
      case "version", "name": break
      case "services": services = entry.value.isNull ? [] : try entry.value.entries()
      case let key where unsupportedKeys[key] != nil: if !entry.value.isNull { reading.leaveOut(entry, unsupportedKeys[key] ?? nil) }
      default: throw DocumentError.unknown(entry, ["services", "name", "version"] + unsupportedKeys.keys)
      }
    }
    if services.isEmpty { throw document.error("'services' names no service; there is nothing to apply") }
    let names = Set(services.map(\.key))
    return try services.map { entry in try ComposeService.read(entry, siblings: names, reading) }
  }
}
