import ClusterModel
import FoundationEssentials
import Glibc

/// Where daemons of this host listen. Each puts a link named after its API address into one directory, so that an address finds its socket.
enum DaemonSocket {
  static let defaultPath = "/run/warren/warren.sock"
  static let registry = "/run/warren/by-address"

  /// Sockets of the daemons with these API addresses (`host:port`, separated by commas).
  static func find(_ addresses: String, registry: String = registry) throws -> [String] {
    let known = registered(in: registry)
    let wanted = try addresses.split(separator: ",", omittingEmptySubsequences: false).map {
      try HostPort(parsing: String($0), option: "--manager").description
    }
    let found = wanted.flatMap { address in known.filter { matches($0.address, address) }.map(\.socket) }
    guard found.isEmpty else { return found }
    let choices = known.isEmpty ? "no daemon runs here" : "daemons here: \(known.map(\.address).joined(separator: ", "))"
    throw WarrenError(
      .unavailable, "no daemon on this host has the API address \(addresses); \(choices); start one, or name its socket with --socket")
  }

  static func registered(in registry: String) -> [(address: String, socket: String)] {
    names(in: registry).compactMap { name in
      guard let socket = target(of: "\(registry)/\(name)"), access(socket, F_OK) == 0 else { return nil }
      return (name, socket)
    }
  }

  private static func names(in directory: String) -> [String] {
    ((try? FileManager.default.contentsOfDirectory(atPath: directory)) ?? []).sorted()
  }

  /// Where a symbolic link leads.
  static func target(of link: String) -> String? {
    var target = [CChar](repeating: 0, count: Int(PATH_MAX))
    let length = readlink(link, &target, target.count)
    return length > 0 ? String(decoding: target[..<length].map { UInt8(bitPattern: $0) }, as: UTF8.self) : nil
  }

  /// Makes the daemon's socket findable by its API address; a link left by a daemon that died is replaced.
  static func register(_ socket: String, address: String, registry: String = registry) {
    for directory in [String(registry[..<(registry.lastIndex(of: "/") ?? registry.startIndex)]), registry] { mkdir(directory, 0o755) }
    removeDangling(in: registry)
    let temporary = "\(registry)/.\(address).\(getpid())"
    unlink(temporary)
    if symlink(socket, temporary) == 0 { rename(temporary, "\(registry)/\(address)") }
  }

  /// Links of daemons that were killed.
  private static func removeDangling(in registry: String) {
    for name in names(in: registry) where target(of: "\(registry)/\(name)").map({ access($0, F_OK) != 0 }) ?? false { unlink("\(registry)/\(name)") }
  }

  static func unregister(address: String, registry: String = registry) { unlink("\(registry)/\(address)") }

  /// A wildcard listener answers to every name of this host, and `localhost` means whatever runs here.
  static func matches(_ registered: String, _ wanted: String) -> Bool {
    if registered == wanted { return true }
    guard let one = split(registered), let other = split(wanted), one.port == other.port else { return false }
    let wildcard: Set<String> = ["0.0.0.0", "::", ""]
    let loopback: Set<String> = ["127.0.0.1", "::1", "localhost"]
    return wildcard.contains(one.host) || wildcard.contains(other.host) || loopback.contains(other.host)
  }

  private static func split(_ address: String) -> (host: String, port: Substring)? {
    guard let colon = address.lastIndex(of: ":") else { return nil }
    return (address[..<colon].filter { $0 != "[" && $0 != "]" }, address[address.index(after: colon)...])
  }

  /// Whether somebody takes connections there.
  static func isServed(_ path: String) -> Bool {
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    guard path.utf8.count < MemoryLayout.size(ofValue: address.sun_path) else { return false }
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
    let descriptor = Glibc.socket(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue) | Int32(SOCK_NONBLOCK.rawValue), 0)
    defer { close(descriptor) }
    return withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size)) == 0 }
    } || errno == EAGAIN  // Somebody listens, but has more connections waiting than it takes.
  }
}
