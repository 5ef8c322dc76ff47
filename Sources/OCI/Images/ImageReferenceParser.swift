/// Splits and checks the text of an image reference; works on bytes, since every valid reference is ASCII.
struct ImageReferenceParser {
  /// Longest `registry/repository`, and longest tag, that Docker's tools accept.
  static let maximumName = 255
  static let maximumTag = 128
  private static let maximumText = 1024

  private let text: String

  init(_ text: String) { self.text = text }

  mutating func parse() throws(OCIError) -> (registry: String, repository: String, tag: String?, digest: Digest?) {
    guard !text.isEmpty else { throw OCIError("the image reference is empty: write an image such as nginx or registry.example.com/team/app:1.0") }
    guard text.utf8.count <= Self.maximumText else { throw failure("is longer than \(Self.maximumText) characters") }
    guard text.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7f }) else {
      throw failure("contains a space, a control character or a character outside ASCII")
    }
    guard !text.contains("://") else { throw failure("starts with a URL scheme: write it without \"\(text.prefix { $0 != "/" })//\"") }

    var rest = Substring(text)
    var digest: Digest?
    if let at = rest.firstIndex(of: "@") {
      do { digest = try Digest(String(rest[rest.index(after: at)...])) } catch { throw failure("has an \(error.message)") }
      rest = rest[..<at]
    }
    let tag = try takeTag(from: &rest)
    let (registry, path) = try splitRegistry(rest)
    try check(path: path)
    let repository = registry == ImageReference.defaultRegistry && !path.contains("/") ? "library/\(path)" : String(path)
    guard registry.utf8.count + 1 + repository.utf8.count <= Self.maximumName else {
      throw failure("has a name longer than \(Self.maximumName) characters")
    }
    return (registry, repository, tag ?? (digest == nil ? ImageReference.defaultTag : nil), digest)
  }

  /// A colon after the last slash starts the tag; one before it belongs to the registry's port.
  private func takeTag(from rest: inout Substring) throws(OCIError) -> String? {
    let nameStart = rest.lastIndex(of: "/").map { rest.index(after: $0) } ?? rest.startIndex
    guard let colon = rest[nameStart...].firstIndex(of: ":") else { return nil }
    let tag = rest[rest.index(after: colon)...]
    rest = rest[..<colon]
    guard !tag.isEmpty else { throw failure("has an empty tag after \":\"") }
    guard tag.utf8.count <= Self.maximumTag else { throw failure("has a tag longer than \(Self.maximumTag) characters") }
    guard let first = tag.utf8.first, isWord(first), tag.utf8.allSatisfy({ isWord($0) || $0 == UInt8(ascii: ".") || $0 == UInt8(ascii: "-") }) else {
      throw failure("has an invalid tag \"\(String(tag).clipped)\": letters, digits, \"_\", \".\" and \"-\", not starting with \".\" or \"-\"")
    }
    return String(tag)
  }

  /// The part before the first slash is a registry if it looks like a host (has a dot, a port or an upper-case letter, or is localhost).
  private func splitRegistry(_ name: Substring) throws(OCIError) -> (registry: String, path: Substring) {
    guard let slash = name.firstIndex(of: "/") else { return (ImageReference.defaultRegistry, name) }
    let first = name[..<slash]
    let path = name[name.index(after: slash)...]
    let looksLikeHost =
      first.contains(".") || first.contains(":") || first == "localhost" || first.utf8.contains(where: { (65...90).contains($0) })
    guard looksLikeHost else { return (ImageReference.defaultRegistry, name) }
    try check(registry: first)
    return (first == "index.docker.io" ? ImageReference.defaultRegistry : String(first), path)
  }

  private func check(registry: Substring) throws(OCIError) {
    var host = registry
    if host.first == "[" {
      guard let end = host.firstIndex(of: "]"),
        host[host.index(after: host.startIndex)..<end].utf8.allSatisfy({ isHex($0) || $0 == UInt8(ascii: ":") }),
        host.distance(from: host.startIndex, to: end) > 2
      else { throw failure("has an invalid IPv6 address in its registry \"\(registry)\"") }
      let port = host[host.index(after: end)...]
      guard port.isEmpty || port.first == ":" else { throw failure("has an invalid registry \"\(registry)\"") }
      if !port.isEmpty { try check(port: port.dropFirst(), of: registry) }
      return
    }
    if let colon = host.firstIndex(of: ":") {
      try check(port: host[host.index(after: colon)...], of: registry)
      host = host[..<colon]
    }
    let labels = host.split(separator: ".", omittingEmptySubsequences: false)
    let valid = labels.allSatisfy { label in
      !label.isEmpty && label.utf8.first != UInt8(ascii: "-") && label.utf8.last != UInt8(ascii: "-")
        && label.utf8.allSatisfy { isAlphanumeric($0) || $0 == UInt8(ascii: "-") }
    }
    guard valid else { throw failure("has an invalid registry host \"\(String(host).clipped)\"") }
  }

  private func check(port: Substring, of registry: Substring) throws(OCIError) {
    guard port.utf8.allSatisfy({ (48...57).contains($0) }), let number = Int(port), (1...65535).contains(number) else {
      throw failure("has an invalid port in its registry \"\(String(registry).clipped)\": a number from 1 to 65535")
    }
  }

  private func check(path: Substring) throws(OCIError) {
    guard !path.isEmpty else { throw failure("has no image name") }
    for component in path.split(separator: "/", omittingEmptySubsequences: false) {
      guard !component.isEmpty else { throw failure("has an empty part between slashes") }
      if component.utf8.contains(where: { (65...90).contains($0) }) { throw failure("must be lower case in \"\(String(component).clipped)\"") }
      guard isPathComponent(component) else {
        throw failure(
          "has an invalid part \"\(String(component).clipped)\": lower-case letters and digits, separated by \".\", \"_\", \"__\" or any number of \"-\""
        )
      }
    }
    if path.utf8.count == 64, !path.contains("/"), path.utf8.allSatisfy(isHex) {
      throw failure("is 64 hexadecimal digits, which would look like an image ID")
    }
  }

  /// `[a-z0-9]+(([_.]|__|-+)[a-z0-9]+)*`
  private func isPathComponent(_ component: Substring) -> Bool {
    var separator: [UInt8] = []
    var hadLetter = false
    for byte in component.utf8 {
      switch byte {
      case 48...57, 97...122:
        let valid =
          separator.isEmpty || (hadLetter && (separator == [95] || separator == [46] || separator == [95, 95] || separator.allSatisfy { $0 == 45 }))
        guard valid else { return false }
        separator = []
        hadLetter = true
      case 45, 46, 95: separator.append(byte)
      default: return false
      }
    }
    return hadLetter && separator.isEmpty
  }

  private func failure(_ reason: String) -> OCIError { OCIError("invalid image reference \"\(text.clipped)\": it \(reason)") }

  private func isAlphanumeric(_ byte: UInt8) -> Bool { (48...57).contains(byte) || (65...90).contains(byte) || (97...122).contains(byte) }
  private func isWord(_ byte: UInt8) -> Bool { isAlphanumeric(byte) || byte == UInt8(ascii: "_") }
  private func isHex(_ byte: UInt8) -> Bool { (48...57).contains(byte) || (65...70).contains(byte) || (97...102).contains(byte) }
}
