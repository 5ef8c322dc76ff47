/// Durations as people write them: `10s`, `1m30s`, `500ms`, `2h`, `1d`; a bare number is seconds.
enum DurationText {
  private static let units: [String: Int64] = [
    "ns": 1, "us": 1000, "ms": 1_000_000, "s": 1_000_000_000, "m": 60_000_000_000, "h": 3_600_000_000_000, "d": 86_400_000_000_000,
  ]

  static func parse(_ text: String) throws -> Duration {
    let failure = ValueError("'\(text)' is not a duration; use for example 500ms, 10s, 1m30s or 24h")
    var rest = text[...]
    var total: Int64 = 0
    guard !rest.isEmpty else { throw failure }
    while !rest.isEmpty {
      let number = rest.prefix { $0.isASCII && ($0.isNumber || $0 == ".") }
      rest = rest.dropFirst(number.count)
      let unit = rest.prefix { $0.isLetter }
      rest = rest.dropFirst(unit.count)
      let bare = unit.isEmpty && number.count == text.count
      guard let scale = bare ? 1_000_000_000 : units[String(unit)], let part = Decimal9(number)?.scaled(by: scale) else { throw failure }
      let (sum, overflow) = total.addingReportingOverflow(part)
      guard !overflow else { throw failure }
      total = sum
    }
    return .nanoseconds(total)
  }

  /// For ages and progress: the one or two largest units, `3d4h`, `5m`, `12s`.
  static func format(_ duration: Duration) -> String {
    let seconds = max(0, duration.components.seconds)
    let parts = [(seconds / 86_400, "d"), (seconds / 3600 % 24, "h"), (seconds / 60 % 60, "m"), (seconds % 60, "s")]
    guard let first = parts.firstIndex(where: { $0.0 > 0 }) else { return "0s" }
    let second = first + 1 < parts.count && parts[first + 1].0 > 0 && parts[first].0 < 10 ? "\(parts[first + 1].0)\(parts[first + 1].1)" : ""
    return "\(parts[first].0)\(parts[first].1)\(second)"
  }
}
