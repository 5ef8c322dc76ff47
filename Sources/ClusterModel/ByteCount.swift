/// Amounts of memory as people write them.
package enum ByteCount {
  /// `512MiB`, `1.5GiB`, `100B`: in the largest unit that keeps the number at 1 or more, with at most one decimal (rounded down).
  package static func text(_ bytes: Int64) -> String {
    let magnitude = bytes.magnitude
    let units = ["B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"]
    let unit = min(magnitude == 0 ? 0 : (63 - magnitude.leadingZeroBitCount) / 10, units.count - 1)
    let tenths = unit == 0 ? 0 : Int((magnitude >> (10 * (UInt64(unit) - 1)) & 1023) * 10 / 1024)
    return "\(bytes < 0 ? "-" : "")\(magnitude >> (10 * UInt64(unit)))\(tenths > 0 ? ".\(tenths)" : "")\(units[unit])"
  }
}

/// Amounts of CPU as people write them.
package enum CPUCount {
  /// `2`, `0.5`, `0.125`: cores with up to three decimals.
  package static func text(_ nanoCPUs: Int64) -> String {
    let thousandths = (nanoCPUs.magnitude % 1_000_000_000) / 1_000_000
    var fraction = String(1000 + thousandths).dropFirst()
    while fraction.hasSuffix("0") { fraction = fraction.dropLast() }
    return "\(nanoCPUs < 0 ? "-" : "")\(nanoCPUs.magnitude / 1_000_000_000)\(fraction.isEmpty ? "" : ".\(fraction)")"
  }
}
