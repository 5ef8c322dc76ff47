/// What labels of services, containers and nodes may look like.
package enum LabelRules {
  package static let mostLabels = 256
  package static let longestKey = 128
  /// Key and value together: containerd refuses more.
  package static let longestPair = 4096
  /// Warren's own labels on containers begin with this.
  package static let reservedPrefix = "warren."

  /// - Parameter owner: what carries the labels, for the message: `service`, `container`, `node`.
  package static func validate(_ labels: [String: String], of owner: String) throws(WarrenError) {
    if labels.count > mostLabels {
      throw .invalid("\(labels.count) labels are too many for a \(owner)", "at most \(mostLabels) are allowed", "use fewer")
    }
    for (key, value) in labels.sorted(by: { $0.key < $1.key }) {
      let what = "label \(key.quoted) of the \(owner) is not valid"
      let remedy = "use 1 to \(longestKey) letters, digits, dots, hyphens, underscores and slashes, beginning and ending with a letter or digit"
      if key.isEmpty { throw .invalid(what, "its key is empty", remedy) }
      if key.utf8.count > longestKey { throw .invalid(what, "its key has \(key.utf8.count) characters", remedy) }
      if let bad = key.unicodeScalars.first(where: { !($0.isASCIIAlphanumeric || "._-/".unicodeScalars.contains($0)) }) {
        throw .invalid(what, "its key contains \(String(bad).quoted)", remedy)
      }
      if !(key.unicodeScalars.first?.isASCIIAlphanumeric ?? false) || !(key.unicodeScalars.last?.isASCIIAlphanumeric ?? false) {
        throw .invalid(what, "its key does not begin and end with a letter or digit", remedy)
      }
      if key.hasPrefix(reservedPrefix) { throw .invalid(what, "names beginning with \(reservedPrefix) are Warren's own", "choose another name") }
      if key.utf8.count + value.utf8.count > longestPair {
        throw .invalid(what, "key and value have \(key.utf8.count + value.utf8.count) bytes", "keep them within \(longestPair) bytes together")
      }
      if value.hasNUL { throw .invalid(what, "its value contains a NUL byte", "remove it") }
    }
  }
}
