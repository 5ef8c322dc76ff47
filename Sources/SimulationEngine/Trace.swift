/// The last things that happened, in words, for whoever has to understand a failure. Off in a soak: a seed is replayed to read it.
package struct Trace {
  package let isOn: Bool
  private var lines: [String] = []
  private let limit: Int

  package init(isOn: Bool, limit: Int) {
    self.isOn = isOn
    self.limit = limit
  }

  package mutating func note(_ time: VirtualTime, _ line: @autoclosure () -> String) {
    guard isOn else { return }
    if lines.count >= 2 * limit { lines.removeFirst(limit) }
    let micros = String(time % 1000)
    lines.append("\(time / 1000).\(String(repeating: "0", count: 3 - micros.count))\(micros)ms \(line())")
  }

  package var text: String { lines.suffix(limit).joined(separator: "\n") }
}
