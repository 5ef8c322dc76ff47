import ClusterModel
import Foundation

/// The files that `-f` names: a file, a directory with all YAML and JSON files in it, or `-` for standard input.
enum ApplyFiles {
  /// Of one file, and of all together: what a set may be in one transaction is far less.
  static let mostBytes = 4 << 20
  private static let mostFiles = 1000
  private static let endings = [".yaml", ".yml", ".json"]

  static func read(_ paths: [String]) throws(WarrenError) -> [DocumentSource] {
    var sources: [DocumentSource] = []
    if paths.count(where: { $0 == "-" }) > 1 {
      throw WarrenError(.invalidArgument, "-f - is given twice; standard input can be read once; leave one out")
    }
    for path in paths {
      for file in try files(at: path) { sources.append(try source(file)) }
      if sources.reduce(0, { $0 + $1.text.utf8.count }) > mostBytes {
        throw WarrenError(
          .invalidArgument, "\(path) is too much; all files together may have \(ByteCount.text(Int64(mostBytes))); apply fewer at once")
      }
    }
    return sources
  }

  /// - Returns: nil when there is none of that name.
  static func text(of path: String) throws(WarrenError) -> String? {
    do throws(ReadFailure) { return try String(reading: path, atMost: mostBytes) } catch {
      if error.code == ENOENT { return nil }
      throw error.asWarrenError(path)
    }
  }

  private static func source(_ path: String) throws(WarrenError) -> DocumentSource {
    let text: String
    do throws(ReadFailure) { text = try String(reading: path == "-" ? nil : path, atMost: mostBytes) } catch { throw error.asWarrenError(path) }
    let name = path == "-" ? "standard input" : path
    return DocumentSource(name: name, directory: path == "-" ? "." : (path as NSString).deletingLastPathComponent.orCurrent, text: text)
  }

  /// The files in a directory, in the order of their names; hidden ones are left out.
  private static func files(at path: String) throws(WarrenError) -> [String] {
    var isDirectory: ObjCBool = false
    guard path != "-", FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory), isDirectory.boolValue else { return [path] }
    let names: [String]
    do { names = try FileManager.default.contentsOfDirectory(atPath: path) } catch {
      throw WarrenError(.invalidArgument, "the directory \(path) cannot be read; \(error.localizedDescription); look at its permissions")
    }
    let chosen = names.filter { name in !name.hasPrefix(".") && endings.contains { name.lowercased().hasSuffix($0) } }.sorted()
    if chosen.isEmpty {
      throw WarrenError(.invalidArgument, "the directory \(path) has no file to apply; its names must end with \(endings.joined(separator: ", "))")
    }
    if chosen.count > mostFiles {
      throw WarrenError(.invalidArgument, "the directory \(path) has \(chosen.count) files; at most \(mostFiles) are read")
    }
    return chosen.map { path.hasSuffix("/") ? path + $0 : "\(path)/\($0)" }
  }
}

/// Why a text could not be read.
private struct ReadFailure: Error {
  enum Cause { case system(Int32), tooLarge, notText }

  let cause: Cause
  var code: Int32? { if case .system(let code) = cause { code } else { nil } }

  func asWarrenError(_ path: String) -> WarrenError {
    let name = path == "-" ? "standard input" : path
    return switch cause {
    case .system(ENOENT): WarrenError(.invalidArgument, "\(name) does not exist; give a file, a directory, or - for standard input")
    case .system(EISDIR): WarrenError(.invalidArgument, "\(name) is a directory; give one with files that end with .yaml, .yml or .json")
    case .system(let code): WarrenError(.invalidArgument, "\(name) cannot be read; \(String(cString: strerror(code))); look at its permissions")
    case .tooLarge:
      WarrenError(
        .invalidArgument, "\(name) is too large; at most \(ByteCount.text(Int64(ApplyFiles.mostBytes))) are read; divide it")
    case .notText: WarrenError(.invalidArgument, "\(name) is no text; it is not in UTF-8; write it anew")
    }
  }
}

extension String {
  /// - Parameter path: nil for standard input.
  fileprivate init(reading path: String?, atMost limit: Int) throws(ReadFailure) {
    let descriptor = path.map { open($0, O_RDONLY | O_CLOEXEC) } ?? STDIN_FILENO
    guard descriptor >= 0 else { throw ReadFailure(cause: .system(errno)) }
    defer { if path != nil { close(descriptor) } }
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 1 << 16)
    while true {
      let count = Glibc.read(descriptor, &buffer, buffer.count)
      if count < 0, errno == EINTR { continue }
      if count < 0 { throw ReadFailure(cause: .system(errno)) }
      if count == 0 { break }
      bytes += buffer.prefix(count)
      if bytes.count > limit { throw ReadFailure(cause: .tooLarge) }
    }
    guard var text = String(validating: bytes, as: UTF8.self) else { throw ReadFailure(cause: .notText) }
    if text.unicodeScalars.first == "\u{FEFF}" { text.unicodeScalars.removeFirst() }
    self = text
  }

  /// A path without a directory is in the current one.
  fileprivate var orCurrent: String { isEmpty ? "." : self }
}
