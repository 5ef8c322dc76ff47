/// `--device /dev/HOST[:/dev/CONTAINER[:rwm]]`.
enum DeviceText {
  static func parse(_ text: String) throws -> String {
    let usage = "use /dev/HOST[:/dev/CONTAINER[:rwm]]"
    let parts = text.split(separator: ":", omittingEmptySubsequences: false)
    guard (1...3).contains(parts.count), parts.prefix(2).allSatisfy({ $0.hasPrefix("/") }) else {
      throw ValueError("'\(text)' is not a device; \(usage)")
    }
    if parts.count == 3 {
      guard !parts[2].isEmpty, Set(parts[2]).isSubset(of: Set("rwm")), Set(parts[2]).count == parts[2].count else {
        throw ValueError("'\(parts[2])' in device '\(text)' is not an access of r, w and m; \(usage)")
      }
    }
    return text
  }
}
