#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// `raft-script`: see docs/testing/raft-script.md.
@main
struct RaftScript {
  static func main() {
    var arguments = CommandLine.arguments.dropFirst()
    switch arguments.first {
    case "--json" where arguments.count == 1: serveDoor()
    case "--help", "-h": print(usage)
    case "--update":
      arguments.removeFirst()
      for path in arguments { update(path) }
    case let option? where option.hasPrefix("-"): fail("unknown option \(option)\n\(usage)")
    case nil: print(Transcript.run(readAll(stdinPath)), terminator: "")
    default: for path in arguments { print(Transcript.run(readAll(path)), terminator: "") }
    }
  }

  private static let usage = """
    usage: raft-script [FILE …]           run scripts, or standard input, and print what happened
           raft-script --update FILE …    write what happened into the scripts
           raft-script --json             answer directives, one JSON object a line
    """

  /// Answers each line at once: the other end may wait for it.
  private static func serveDoor() {
    var door = JSONDoor()
    while let line = readLine() {
      if line.allSatisfy(\.isWhitespace) { continue }
      print(door.answer(line))
      fflush(nil)
    }
  }

  private static let stdinPath = "/dev/stdin"

  private static func update(_ path: String) {
    let transcript = Transcript.run(readAll(path))
    guard let file = fopen(path, "w") else { fail("cannot write \(path): \(String(cString: strerror(errno)))") }
    let written = fputs(transcript, file)
    guard fclose(file) == 0, written >= 0 else { fail("cannot write \(path)") }
  }

  private static func readAll(_ path: String) -> String {
    guard let file = fopen(path, "r") else { fail("cannot read \(path): \(String(cString: strerror(errno)))") }
    defer { fclose(file) }
    var text: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 65536)
    while case let count = fread(&buffer, 1, buffer.count, file), count > 0 { text += buffer[..<count] }
    return String(decoding: text, as: UTF8.self)
  }

  private static func fail(_ message: String) -> Never {
    fputs("raft-script: \(message)\n", errorStream)
    exit(1)
  }

  /// The C global `stderr` is a variable, which strict concurrency does not let through.
  private static var errorStream: UnsafeMutablePointer<FILE> { fdopen(STDERR_FILENO, "w") }
}
