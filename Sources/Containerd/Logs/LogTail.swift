import CLinux
import Glibc

/// Where to start reading a container's log files.
enum LogTail {
  struct File {
    /// 0 is the current one.
    var index: Int
    var inode: UInt64
    var size: Int
  }

  struct Position: Equatable {
    var index: Int
    var offset: Int
  }

  private static let chunk = 64 << 10

  /// What there is, oldest first.
  static func files(_ directory: String) -> [File] {
    var result: [File] = []
    for index in 0... {
      var file = clinux_file()
      guard clinux_stat(LogFile.path(directory, index), &file) else {
        // In the middle of a rotation there is no current file.
        if index == 0 { continue }
        break
      }
      result.append(File(index: index, inode: file.inode, size: Int(file.size)))
    }
    return result.reversed()
  }

  static func oldest(_ directory: String) -> Position? {
    files(directory).first.map { Position(index: $0.index, offset: 0) }
  }

  /// Where the last `lines` lines start. A line cut into several records counts once.
  static func position(directory: String, lines: Int) -> Position? {
    var missing = lines
    var result: Position?
    for file in files(directory).reversed() {
      let descriptor = open(LogFile.path(directory, file.index), O_RDONLY | O_CLOEXEC)
      guard descriptor >= 0 else { continue }
      defer { close(descriptor) }
      let (offset, isEnough) = offset(descriptor, size: file.size, missing: &missing)
      result = Position(index: file.index, offset: offset)
      if isEnough { break }
    }
    return result
  }

  /// Walks the records from the last to the first, until one that completes a line too many.
  private static func offset(_ descriptor: Int32, size: Int, missing: inout Int) -> (offset: Int, isEnough: Bool) {
    var buffer = [UInt8](repeating: 0, count: chunk)
    var following = size
    var end = size
    while end > 0 {
      let start = max(0, end - chunk)
      guard pread(descriptor, &buffer, end - start, off_t(start)) == end - start else { break }
      for index in stride(from: end - start - 1, through: 0, by: -1) where start + index == 0 || buffer[index] == UInt8(ascii: "\n") {
        let record = start + index == 0 && buffer[index] != UInt8(ascii: "\n") ? 0 : start + index + 1
        if completesLine(descriptor, record) {
          if missing == 0 { return (following, true) }
          missing -= 1
        }
        following = record
      }
      end = start
    }
    return (0, false)
  }

  private static func completesLine(_ descriptor: Int32, _ record: Int) -> Bool {
    var tag: UInt8 = 0
    return pread(descriptor, &tag, 1, off_t(record + LogRecord.tagOffset)) == 1 && tag == UInt8(ascii: "F")
  }
}
