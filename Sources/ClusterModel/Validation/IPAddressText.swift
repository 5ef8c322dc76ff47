/// The syntax of IP addresses, for checking input before anything parses it for real.
package enum IPAddressText {
  package static func isValid(_ text: String) -> Bool { isIPv4(text) || isIPv6(text) }

  private static func isIPv4(_ text: String) -> Bool {
    let parts = text.split(separator: ".", omittingEmptySubsequences: false)
    return parts.count == 4 && parts.allSatisfy { $0.utf8.allSatisfy { (48...57).contains($0) } && UInt8($0) != nil && String(UInt8($0) ?? 0) == $0 }
  }

  /// RFC 4291 section 2.2: eight groups, one run of zero groups as `::`, the last 32 bits optionally as IPv4. No zone.
  private static func isIPv6(_ text: String) -> Bool {
    guard text.contains(":") else { return false }
    var halves = [text[...]]
    if let gap = text.indices.dropLast().first(where: { text[$0...].hasPrefix("::") }) {
      halves = [text[..<gap], text[text.index(gap, offsetBy: 2)...]]
    }
    let counts = halves.enumerated().map { index, half in groups(half, mayEndInIPv4: index == halves.count - 1) }
    guard counts.allSatisfy({ $0 != nil }) else { return false }
    let total = counts.reduce(0) { $0 + ($1 ?? 0) }
    return halves.count == 2 ? total <= 7 : total == 8
  }

  /// How many 16-bit groups the text stands for; nil when it is malformed.
  private static func groups(_ text: Substring, mayEndInIPv4: Bool) -> Int? {
    if text.isEmpty { return 0 }
    let parts = text.split(separator: ":", omittingEmptySubsequences: false)
    var count = 0
    for (index, part) in parts.enumerated() {
      if mayEndInIPv4, index == parts.count - 1, isIPv4(String(part)) {
        count += 2
      } else if (1...4).contains(part.utf8.count), part.allSatisfy(\.isHexDigit), part.allSatisfy(\.isASCII) {
        count += 1
      } else {
        return nil
      }
    }
    return count
  }
}
