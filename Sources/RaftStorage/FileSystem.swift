import CLinux
import ClusterModel
import Glibc

/// Tells a file from a copy of it: a file system may give the number of one that was removed to the next.
struct FileIdentity: Equatable {
  var inode: UInt64
  /// In nanoseconds since 1970; 0 where the file system does not keep it.
  var birth: UInt64
}

/// The few calls on files that the log needs beside SQLite.
enum FileSystem {
  static func exists(_ path: String) -> Bool { access(path, F_OK) == 0 }

  /// Makes a directory only its owner can look into; one that exists is closed to others.
  static func makePrivateDirectory(_ path: String) throws {
    if mkdir(path, 0o700) == 0 { return }
    guard errno == EEXIST else { throw failure("make the directory", path) }
    guard chmod(path, 0o700) == 0 else { throw failure("set the permissions of", path) }
  }

  static func makeDirectories(_ path: String) throws {
    var made = path.hasPrefix("/") ? "" : "."
    for part in path.split(separator: "/") {
      made += "/\(part)"
      if mkdir(made, 0o700) != 0, errno != EEXIST { throw failure("make the directory", made) }
    }
  }

  /// Makes an empty file, readable by its owner alone.
  static func makePrivateFile(_ path: String) throws {
    let file = Glibc.open(path, O_CREAT | O_RDWR | O_CLOEXEC, 0o600)
    guard file >= 0 else { throw failure("make", path) }
    Glibc.close(file)
  }

  static func identity(of path: String) throws -> FileIdentity {
    var file = clinux_file()
    let birth = clinux_birth(path)
    guard birth >= 0, clinux_stat(path, &file) else { throw failure("look at", path) }
    return FileIdentity(inode: file.inode, birth: UInt64(birth))
  }

  static func rename(_ old: String, to new: String) throws {
    guard Glibc.rename(old, new) == 0 else { throw failure("rename to \(new)", old) }
  }

  /// Makes the entries of a directory (or the content of a file) survive a power loss.
  static func sync(_ path: String) throws {
    let file = Glibc.open(path, O_RDONLY | O_CLOEXEC)
    guard file >= 0 else { throw failure("open", path) }
    defer { Glibc.close(file) }
    guard fsync(file) == 0 else { throw failure("sync", path) }
  }

  static func list(_ directory: String) throws -> [String] {
    guard let stream = opendir(directory) else { throw failure("list", directory) }
    defer { closedir(stream) }
    var names: [String] = []
    while let entry = readdir(stream) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
        pointer.withMemoryRebound(to: CChar.self, capacity: MemoryLayout.size(ofValue: pointer.pointee)) { String(cString: $0) }
      }
      if name != ".", name != ".." { names.append(name) }
    }
    return names.sorted()
  }

  /// Removes a directory and the files in it.
  static func removeDirectory(_ path: String) throws {
    guard exists(path) else { return }
    for name in try list(path) { guard unlink("\(path)/\(name)") == 0 else { throw failure("remove", "\(path)/\(name)") } }
    guard rmdir(path) == 0 else { throw failure("remove", path) }
  }

  static func read(_ path: String) throws -> [UInt8] {
    let file = Glibc.open(path, O_RDONLY | O_CLOEXEC)
    guard file >= 0 else { throw failure("open", path) }
    defer { Glibc.close(file) }
    var content: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 1 << 18)
    while true {
      let count = Glibc.read(file, &buffer, buffer.count)
      guard count >= 0 else { throw failure("read", path) }
      if count == 0 { return content }
      content += buffer[..<count]
    }
  }

  static func write(_ bytes: [UInt8], to path: String) throws {
    try makePrivateFile(path)
    let file = Glibc.open(path, O_WRONLY | O_TRUNC | O_CLOEXEC)
    guard file >= 0 else { throw failure("open", path) }
    defer { Glibc.close(file) }
    var done = 0
    while done < bytes.count {
      let count = bytes.withUnsafeBytes { Glibc.write(file, $0.baseAddress.map { $0 + done }, $0.count - done) }
      guard count > 0 else { throw failure("write", path) }
      done += count
    }
  }

  static func failure(_ verb: String, _ path: String) -> WarrenError {
    let number = errno
    let code: WarrenError.Code = number == ENOSPC || number == EDQUOT ? .resourceExhausted : .failedPrecondition
    return WarrenError(code, "Cannot \(verb) \(path): \(String(cString: strerror(number))). Check the path, its permissions and the disk.")
  }
}
