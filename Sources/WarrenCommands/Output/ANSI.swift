/// The few escape sequences used; callers send them to terminals only.
enum ANSI {
  static let clearScreen = "\u{1B}[H\u{1B}[2J"
  static let clearLine = "\r\u{1B}[K"
  static func up(_ lines: Int) -> String { "\u{1B}[\(lines)A" }
  static func bold(_ text: String) -> String { "\u{1B}[1m\(text)\u{1B}[0m" }
}
