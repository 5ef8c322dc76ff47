import Dispatch
import Glibc

/// The three standard streams, and what a terminal can do.
enum Terminal {
  enum Stream: Int32 {
    case input = 0
    case output = 1
    case error = 2

    var isTerminal: Bool { isatty(rawValue) == 1 }

    /// Whether escape sequences are welcome; see https://no-color.org and terminfo(5).
    var takesStyles: Bool {
      let environment = Environment.process
      return isTerminal && environment["NO_COLOR"] == nil && environment["TERM"] != "dumb"
    }
  }

  /// Writes all of `text`. A reader that went away ends the process quietly, as it does for every other tool in a pipe.
  static func write(_ text: String, to stream: Stream = .output) { write(bytes: Array(text.utf8), to: stream) }

  static func write(bytes: [UInt8], to stream: Stream = .output) {
    var rest = bytes[...]
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes { Glibc.write(stream.rawValue, $0.baseAddress, $0.count) }
      if count > 0 {
        rest = rest.dropFirst(count)
      } else if errno == EAGAIN {
        var descriptor = pollfd(fd: stream.rawValue, events: Int16(POLLOUT), revents: 0)
        _ = poll(&descriptor, 1, -1)
      } else if errno != EINTR {
        if stream == .output { exit(errno == EPIPE ? 0 : 1) }
        return
      }
    }
  }

  static func line(_ text: String, to stream: Stream = .output) { write(text + "\n", to: stream) }

  /// For people; what is read by programs goes to the standard output.
  static func note(_ text: String) { line(text, to: .error) }

  /// Ends the process quietly as soon as nobody reads standard output any more. For commands that wait for news: by writing alone they would
  /// learn of it with the next.
  static func endWithReader() {
    DispatchQueue(label: "stdout").async {
      // Asks for nothing: a reader's end is told in any case.
      var descriptor = pollfd(fd: Stream.output.rawValue, events: 0, revents: 0)
      while poll(&descriptor, 1, -1) < 0 { if errno != EINTR { return } }
      if descriptor.revents & Int16(POLLERR | POLLHUP) != 0 { exit(0) }
    }
  }

  /// Columns and rows of the terminal on `stream`; nil when it is none.
  static func size(of stream: Stream) -> (columns: UInt16, rows: UInt16)? {
    var size = winsize()
    guard ioctl(stream.rawValue, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return nil }
    return (size.ws_col, size.ws_row)
  }
}
