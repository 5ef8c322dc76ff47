import ClusterModel

/// RFC 3339 in UTC with nine fractional digits, always 30 bytes. Written out here because the log driver must stay small.
extension Timestamp {
  /// `2026-01-31T23:59:59.123456789Z`.
  var logText: [UInt8] {
    let seconds = nanosecondsSinceEpoch.floorDiv(1_000_000_000)
    let days = seconds.floorDiv(86_400)
    let (year, month, day) = Self.civil(days)
    let ofDay = seconds - days * 86_400
    var result: [UInt8] = []
    result.reserveCapacity(30)
    func digits(_ value: Int64, _ count: Int, then separator: Character) {
      var divisor: Int64 = 1
      for _ in 1..<count { divisor *= 10 }
      while divisor > 0 {
        result.append(UInt8(ascii: "0") + UInt8(value / divisor % 10))
        divisor /= 10
      }
      result.append(separator.asciiValue ?? 0)
    }
    digits(year, 4, then: "-")
    digits(month, 2, then: "-")
    digits(day, 2, then: "T")
    digits(ofDay / 3600, 2, then: ":")
    digits(ofDay / 60 % 60, 2, then: ":")
    digits(ofDay % 60, 2, then: ".")
    digits(nanosecondsSinceEpoch - seconds * 1_000_000_000, 9, then: "Z")
    return result
  }

  init?(logText text: ArraySlice<UInt8>) {
    let text = Array(text)
    guard text.count == 30 else { return nil }
    for (index, separator) in [(4, "-"), (7, "-"), (10, "T"), (13, ":"), (16, ":"), (19, "."), (29, "Z")] as [(Int, Character)] {
      guard text[index] == separator.asciiValue else { return nil }
    }
    func number(_ range: Range<Int>) -> Int64? {
      var value: Int64 = 0
      for byte in text[range] {
        guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) else { return nil }
        value = value * 10 + Int64(byte - UInt8(ascii: "0"))
      }
      return value
    }
    guard let year = number(0..<4), let month = number(5..<7), let day = number(8..<10), let hour = number(11..<13),
      let minute = number(14..<16), let second = number(17..<19), let nanoseconds = number(20..<29),
      (1...12).contains(month), (1...31).contains(day), hour < 24, minute < 60, second < 61
    else { return nil }
    self.init(seconds: Self.days(year, month, day) * 86_400 + hour * 3600 + minute * 60 + second, nanoseconds: Int32(nanoseconds))
  }

  /// https://howardhinnant.github.io/date_algorithms.html#civil_from_days
  private static func civil(_ days: Int64) -> (year: Int64, month: Int64, day: Int64) {
    let shifted = days + 719_468
    let era = shifted.floorDiv(146_097)
    let dayOfEra = shifted - era * 146_097
    let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let shiftedMonth = (5 * dayOfYear + 2) / 153
    let month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
    return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, dayOfYear - (153 * shiftedMonth + 2) / 5 + 1)
  }

  /// https://howardhinnant.github.io/date_algorithms.html#days_from_civil
  private static func days(_ year: Int64, _ month: Int64, _ day: Int64) -> Int64 {
    let shiftedYear = month <= 2 ? year - 1 : year
    let era = shiftedYear.floorDiv(400)
    let yearOfEra = shiftedYear - era * 400
    let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
    return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
  }
}

extension Int64 {
  fileprivate func floorDiv(_ divisor: Int64) -> Int64 { self >= 0 ? self / divisor : (self - divisor + 1) / divisor }
}
