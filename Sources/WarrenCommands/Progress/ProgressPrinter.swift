/// Draws progress on standard error: one line that redraws itself on a terminal, a line per change elsewhere.
struct ProgressPrinter {
  private let terminalWidth: Int?
  private let write: (String) -> Void
  /// Where its line is, if there are others beside it.
  private let lane: (board: ProgressBoard, index: Int)?
  private var drawn = ""
  private var lastCount = ""

  init(terminalWidth: Int?, write: @escaping (String) -> Void) {
    self.terminalWidth = terminalWidth
    self.write = write
    lane = nil
  }

  /// Draws one line of several.
  init(on board: ProgressBoard, at index: Int) {
    terminalWidth = board.terminalWidth
    write = board.write
    lane = (board, index)
  }

  static func standardError() -> ProgressPrinter {
    let width = Terminal.Stream.error.takesStyles ? Terminal.size(of: .error).map { Int($0.columns) } ?? 80 : nil
    return ProgressPrinter(terminalWidth: width) { Terminal.write($0, to: .error) }
  }

  /// The state as a whole.
  mutating func show(name: String, done: Int, of total: Int, count: String, reason: String?) {
    guard let terminalWidth else {
      if count != lastCount { write("\(name): \(count)\n") }
      lastCount = count
      return
    }
    let cells = 20
    let filled = total == 0 ? cells : min(cells, cells * done / total)
    let bar = String(repeating: "█", count: filled) + String(repeating: "░", count: cells - filled)
    let line = "\(name) [\(bar)] \(count)" + (reason.map { "  \($0)" } ?? "")
    redraw(String(TextTable.singleLine(line).prefix(max(20, terminalWidth - 1))))
  }

  /// What happened to one task; the bar already says it on a terminal unless it `matters`.
  mutating func change(_ text: String, matters: Bool = false) {
    if terminalWidth == nil {
      write(TextTable.singleLine(text) + "\n")
    } else if matters, let lane {
      lane.board.tell(TextTable.singleLine(text))
    } else if matters {
      write(ANSI.clearLine + TextTable.singleLine(text) + "\n")
      drawn = ""
    }
  }

  mutating func finish() {
    if terminalWidth != nil, !drawn.isEmpty, lane == nil { write("\n") }
    drawn = ""
  }

  private mutating func redraw(_ line: String) {
    guard line != drawn else { return }
    if let lane {
      drawn = line
      return lane.board.draw(line, at: lane.index)
    }
    write(ANSI.clearLine + line)
    drawn = line
  }
}
