/// Columns aligned by spaces. Cells are never cut: scripts read names and ids from them.
enum TextTable {
  static func render(header: [String], rows: [[String]], bold: Bool = false) -> String {
    let rows = rows.map { $0.map(singleLine) }
    let widths = header.indices.map { column in ([header] + rows).map { width($0[column]) }.max() ?? 0 }
    func line(_ cells: [String]) -> String {
      var text = ""
      for (column, cell) in cells.enumerated() {
        text += cell
        if column < cells.count - 1 { text += String(repeating: " ", count: widths[column] - width(cell) + 3) }
      }
      while text.last == " " { text.removeLast() }
      return text
    }
    let head = line(header)
    return ([bold ? ANSI.bold(head) : head] + rows.map(line)).map { $0 + "\n" }.joined()
  }

  /// Control characters (line feeds, escape sequences from a registry's or container's words) would break rows or the terminal.
  static func singleLine(_ text: String) -> String {
    String(String.UnicodeScalarView(text.unicodeScalars.map { $0.properties.generalCategory == .control ? " " : $0 }))
  }

  private static func width(_ text: String) -> Int {
    text.unicodeScalars.reduce(0) { sum, scalar in
      switch scalar.properties.generalCategory {
      case .nonspacingMark, .enclosingMark, .format: return sum
      default: break
      }
      switch scalar.value {
      case 0x1100...0x115F, 0x2E80...0xA4CF, 0xAC00...0xD7A3, 0xF900...0xFAFF, 0xFE30...0xFE6F, 0xFF00...0xFF60, 0xFFE0...0xFFE6,
        0x1F300...0x1FAFF, 0x20000...0x3FFFD:
        return sum + 2
      default: return sum + 1
      }
    }
  }
}
