package import ClusterModel

/// Signals by name, with Linux's numbers on every architecture Swift runs on.
package struct Signal: Hashable, Sendable, CustomStringConvertible {
  package let number: Int32

  package static let terminate = Signal(number: 15)
  package static let kill = Signal(number: 9)

  private static let names = [
    "HUP", "INT", "QUIT", "ILL", "TRAP", "ABRT", "BUS", "FPE", "KILL", "USR1", "SEGV", "USR2", "PIPE", "ALRM", "TERM", "STKFLT", "CHLD", "CONT",
    "STOP", "TSTP", "TTIN", "TTOU", "URG", "XCPU", "XFSZ", "VTALRM", "PROF", "WINCH", "IO", "PWR", "SYS",
  ]
  private static let firstRealTime: Int32 = 34
  private static let lastRealTime: Int32 = 64

  package init(number: Int32) { self.number = number }

  /// - Parameter text: `SIGTERM`, `term`, `15`, `SIGRTMIN+3`, `RTMAX-1`.
  /// - Throws: `WarrenError(.invalidArgument)` when there is no such signal.
  package init(_ text: String) throws(WarrenError) {
    let upper = text.uppercased()
    let name = upper.hasPrefix("SIG") ? String(upper.dropFirst(3)) : upper
    if let number = Int32(name), (1...Self.lastRealTime).contains(number) {
      self.number = number
    } else if let index = Self.names.firstIndex(of: name) {
      number = Int32(index + 1)
    } else if let number = Self.realTime(name) {
      self.number = number
    } else {
      throw WarrenError(.invalidArgument, "unknown signal \(text); use a name such as SIGTERM or a number from 1 to \(Self.lastRealTime)")
    }
  }

  private static func realTime(_ name: String) -> Int32? {
    let (base, rest): (Int32, Substring)
    if name.hasPrefix("RTMIN") {
      (base, rest) = (firstRealTime, name.dropFirst(5))
    } else if name.hasPrefix("RTMAX") {
      (base, rest) = (lastRealTime, name.dropFirst(5))
    } else {
      return nil
    }
    guard let offset = rest.isEmpty ? 0 : Int32(rest), (firstRealTime...lastRealTime).contains(base + offset) else { return nil }
    return base + offset
  }

  /// `SIGKILL`.
  package var description: String {
    let index = Int(number) - 1
    if Self.names.indices.contains(index) { return "SIG" + Self.names[index] }
    return number >= Self.firstRealTime ? "SIGRTMIN+\(number - Self.firstRealTime)" : "signal \(number)"
  }
}
