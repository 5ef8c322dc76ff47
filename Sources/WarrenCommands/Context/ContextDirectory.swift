import ClusterModel
import ClusterSecurity
import FoundationEssentials
import Glibc

/// The contexts that this user has imported, and the one that is used when no other is named.
struct ContextDirectory {
  /// Means the manager on this machine; not a file.
  static let none = "default"

  let path: String

  init(_ environment: Environment = .process) throws(WarrenError) {
    if let own = environment["XDG_CONFIG_HOME"] {
      path = "\(own)/warren"
    } else if let home = environment["HOME"] {
      path = "\(home)/.config/warren"
    } else {
      throw WarrenError(.failedPrecondition, "it is not known where this user's contexts are; HOME is not set; set it")
    }
  }

  private var contexts: String { "\(path)/contexts" }
  private var currentFile: String { "\(path)/current-context" }
  private func file(_ name: String) -> String { "\(contexts)/\(name).json" }

  var names: [String] {
    ((try? FileManager.default.contentsOfDirectory(atPath: contexts)) ?? []).filter { $0.hasSuffix(".json") }.map { String($0.dropLast(5)) }.sorted()
  }

  /// Nil: none was chosen.
  var current: String? {
    guard let bytes = try? PrivateFile(currentFile).read() else { return nil }
    let name = String(decoding: bytes, as: UTF8.self).split(whereSeparator: \.isWhitespace).first.map(String.init)
    return name == Self.none ? nil : name
  }

  func choose(_ name: String) throws(WarrenError) {
    if name != Self.none { _ = try bytes(name) }
    try prepare()
    try PrivateFile(currentFile).write(Array("\(name)\n".utf8))
  }

  func keep(_ context: [UInt8], as name: String) throws(WarrenError) {
    try Self.check(name)
    try prepare()
    try PrivateFile(file(name)).write(context)
  }

  func remove(_ name: String) throws(WarrenError) {
    _ = try bytes(name)
    guard unlink(file(name)) == 0 else {
      throw WarrenError(.failedPrecondition, "context \(name) cannot be removed; \(String(cString: strerror(errno))); check \(file(name))")
    }
    if current == name { unlink(currentFile) }
  }

  /// - Throws: `notFound`; `unauthenticated` when it has run out.
  func context(_ name: String) async throws(WarrenError) -> AdminContext {
    do throws(WarrenError) { return try await AdminContext.imported(try bytes(name), now: .now) } catch {
      throw WarrenError(error.code, "context \(name): \(error.message)")
    }
  }

  private func bytes(_ name: String) throws(WarrenError) -> [UInt8] {
    try Self.check(name)
    if let bytes = try PrivateFile(file(name)).read() { return bytes }
    let known = names.isEmpty ? "none was imported" : "there are \(names.joined(separator: ", "))"
    throw WarrenError(.notFound, "there is no context \(name); \(known); import one: warren context import \(name) FILE")
  }

  private func prepare() throws(WarrenError) {
    var made = ""
    for part in contexts.split(separator: "/") {
      made += "/\(part)"
      if mkdir(made, 0o700) != 0, errno != EEXIST {
        throw WarrenError(.failedPrecondition, "cannot make \(made); \(String(cString: strerror(errno))); set HOME to a directory of this user")
      }
    }
  }

  private static func check(_ name: String) throws(WarrenError) {
    let isPlain = name.utf8.allSatisfy { byte in
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"): true
      default: [UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: ".")].contains(byte)
      }
    }
    guard isPlain, !name.isEmpty, name.utf8.count <= 63, !name.hasPrefix("."), name != none else {
      throw WarrenError(
        .invalidArgument, "\(name.quoted) cannot be a context's name; use 1 to 63 letters, digits, '-', '_' and '.', and not \(none)")
    }
  }
}
