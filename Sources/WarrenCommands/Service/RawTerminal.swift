import Glibc

/// The user's terminal in raw mode while a remote one is shown on it; put back on `restore`.
struct RawTerminal {
  private let saved: termios

  /// Nil when standard input is no terminal.
  init?() {
    var attributes = termios()
    guard tcgetattr(0, &attributes) == 0 else { return nil }
    saved = attributes
    cfmakeraw(&attributes)
    guard tcsetattr(0, TCSANOW, &attributes) == 0 else { return nil }
  }

  func restore() {
    var attributes = saved
    tcsetattr(0, TCSANOW, &attributes)
  }
}
