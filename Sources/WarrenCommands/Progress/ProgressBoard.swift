import Synchronization

/// Several lines of progress at once on a terminal, one for each that is waited for, drawn by whoever has news.
final class ProgressBoard: Sendable {
  private struct State {
    var lines: [String]
    var isDrawn = false
  }

  /// Nil where nothing is redrawn: no terminal, or one with fewer rows than lines.
  let terminalWidth: Int?
  let write: @Sendable (String) -> Void
  private let state: Mutex<State>

  init(count: Int, terminalWidth: Int?, write: @escaping @Sendable (String) -> Void) {
    self.terminalWidth = terminalWidth
    self.write = write
    state = Mutex(State(lines: Array(repeating: "", count: count)))
  }

  static func standardError(count: Int) -> ProgressBoard {
    let size = Terminal.Stream.error.takesStyles ? Terminal.size(of: .error) : nil
    let width = size.flatMap { count < Int($0.rows) ? Int($0.columns) : nil }
    return ProgressBoard(count: count, terminalWidth: width) { Terminal.write($0, to: .error) }
  }

  func draw(_ line: String, at index: Int) {
    state.withLock { state in
      state.lines[index] = line
      redraw(&state, above: [])
    }
  }

  /// A line that stays, above the others.
  func tell(_ text: String) { state.withLock { redraw(&$0, above: [text]) } }

  private func redraw(_ state: inout State, above: [String]) {
    let up = state.isDrawn ? ANSI.up(state.lines.count) : ""
    write(up + (above + state.lines).map { ANSI.clearLine + $0 + "\n" }.joined())
    state.isDrawn = true
  }
}
