import CLinux
import Glibc

/// The file a container's output is appended to. Rotates by renaming: `container.log` is the current one, `container.log.1` the one
/// before. A failure to write loses lines and never blocks the container.
struct LogFile {
  static func path(_ directory: String, _ index: Int) -> String { directory + "/container.log" + (index == 0 ? "" : ".\(index)") }

  private let directory: String
  private let limits: LogLimits
  private var descriptor: Int32 = -1
  private var size = 0

  init(directory: String, limits: LogLimits) {
    self.directory = directory
    self.limits = limits
    open()
  }

  /// - Parameter records: whole records, kept in one file.
  mutating func append(_ records: [UInt8]) {
    if size > 0, size + records.count > limits.bytesPerFile { rotate() }
    if descriptor < 0 { open() }
    guard descriptor >= 0 else { return }
    let written = Self.write(descriptor, records)
    if written == records.count {
      size += written
    } else {
      // A full disk: no half record stays behind.
      ftruncate(descriptor, off_t(size))
    }
  }

  func close() {
    if descriptor >= 0 { Glibc.close(descriptor) }
  }

  private mutating func rotate() {
    close()
    descriptor = -1
    for index in stride(from: limits.files - 1, to: 0, by: -1) { rename(Self.path(directory, index - 1), Self.path(directory, index)) }
    if limits.files == 1 { unlink(Self.path(directory, 0)) }
    open()
  }

  private mutating func open() {
    Self.makeDirectory(directory)
    descriptor = Glibc.open(Self.path(directory, 0), O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0o640)
    guard descriptor >= 0 else { return }
    var file = clinux_file()
    size = clinux_fstat(descriptor, &file) ? Int(file.size) : 0
    // A power failure may have cut the last record short: the next one starts on a line of its own.
    var last: UInt8 = 0
    if size > 0, pread(descriptor, &last, 1, off_t(size - 1)) == 1, last != UInt8(ascii: "\n") {
      size += Self.write(descriptor, [UInt8(ascii: "\n")])
    }
  }

  private static func write(_ descriptor: Int32, _ bytes: [UInt8]) -> Int {
    bytes.withUnsafeBytes { buffer in
      var done = 0
      while done < buffer.count {
        let count = Glibc.write(descriptor, buffer.baseAddress.map { $0 + done }, buffer.count - done)
        if count < 0, errno == EINTR { continue }
        guard count > 0 else { break }
        done += count
      }
      return done
    }
  }

  private static func makeDirectory(_ path: String) {
    guard mkdir(path, 0o750) != 0, errno == ENOENT, let slash = path.lastIndex(of: "/"), slash > path.startIndex else { return }
    makeDirectory(String(path[..<slash]))
    mkdir(path, 0o750)
  }
}
