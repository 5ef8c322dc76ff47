import CLinux
import ClusterModel
import FoundationEssentials
import Glibc
import OCI

extension NodeFacts {
  /// Looks at this node and at the containerd behind the socket.
  static func probe(socketPath: String) -> NodeFacts {
    let daemon = peerPID(socketPath).map { "/proc/\($0)" } ?? "/proc/self"
    let status = text(daemon + "/status") ?? ""
    let mask = status.split(separator: "\n").first { $0.hasPrefix("CapEff:") }?.split(whereSeparator: \.isWhitespace).last
    let capabilities = mask.flatMap { UInt64($0, radix: 16) }.map(CapabilitySet.names(inMask:)) ?? Set(CapabilitySet.all)
    let mayRaise = capabilities.contains("CAP_SYS_RESOURCE")
    let isV2 = access("/sys/fs/cgroup/cgroup.controllers", F_OK) == 0
    return NodeFacts(
      architecture: Platform.current.architecture,
      cgroupV2: isV2,
      swapAccounting: swapAccounting(isV2: isV2),
      hardLimits: hardLimits(text(daemon + "/limits") ?? "", mayRaise: mayRaise),
      capabilities: capabilities,
      minimumOOMScoreAdjust: mayRaise ? -1000 : (text(daemon + "/oom_score_adj").flatMap { Int($0.filter { !$0.isWhitespace }) } ?? 0),
      initProgram: initProgram())
  }

  /// The devices at a path on this node: itself, or those in and below a folder. Paths are as on the node.
  static func devices(at path: String) -> [RuntimeSpec.Device] {
    var file = clinux_file()
    guard clinux_stat(path, &file) else { return [] }
    let type: String
    switch file.mode & S_IFMT {
    case S_IFCHR: type = "c"
    case S_IFBLK: type = "b"
    case S_IFDIR:
      let names = (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []
      return names.sorted().flatMap { devices(at: path + "/" + $0) }
    default: return []
    }
    return [
      .init(
        path: path, type: type, major: Int64(file.major), minor: Int64(file.minor),
        fileMode: file.mode & 0o7777, uid: file.uid, gid: file.gid)
    ]
  }

  /// The process that listens on the socket: containerd, whose children the containers are.
  private static func peerPID(_ socketPath: String) -> Int32? {
    let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    let fits = withUnsafeMutableBytes(of: &address.sun_path) { bytes -> Bool in
      guard socketPath.utf8.count < bytes.count else { return false }
      bytes.copyBytes(from: socketPath.utf8)
      return true
    }
    guard fits else { return nil }
    let connected = withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size)) }
    }
    guard connected == 0 else { return nil }
    // struct ucred: pid, uid, gid.
    var credentials: (Int32, UInt32, UInt32) = (0, 0, 0)
    var length = socklen_t(MemoryLayout.size(ofValue: credentials))
    guard getsockopt(descriptor, SOL_SOCKET, SO_PEERCRED, &credentials, &length) == 0, credentials.0 > 0 else { return nil }
    return credentials.0
  }

  /// - Parameter limits: the content of `/proc/<pid>/limits`.
  static func hardLimits(_ limits: String, mayRaise: Bool) -> [String: UInt64] {
    var result: [String: UInt64] = [:]
    for (label, type) in limitNames {
      let line = limits.split(separator: "\n").first { $0.hasPrefix(label) }
      let hard = line?.dropFirst(label.count).split(separator: " ").dropFirst().first
      result[type] = mayRaise ? .max : hard.flatMap { UInt64($0) } ?? .max
    }
    // Nobody may go above this one.
    let openable = text("/proc/sys/fs/nr_open").flatMap { UInt64($0.filter { !$0.isWhitespace }) } ?? 1_048_576
    result["RLIMIT_NOFILE"] = min(result["RLIMIT_NOFILE"] ?? .max, openable)
    return result
  }

  private static let limitNames = [
    "Max cpu time": "RLIMIT_CPU", "Max file size": "RLIMIT_FSIZE", "Max data size": "RLIMIT_DATA", "Max stack size": "RLIMIT_STACK",
    "Max core file size": "RLIMIT_CORE", "Max resident set": "RLIMIT_RSS", "Max processes": "RLIMIT_NPROC", "Max open files": "RLIMIT_NOFILE",
    "Max locked memory": "RLIMIT_MEMLOCK", "Max address space": "RLIMIT_AS", "Max file locks": "RLIMIT_LOCKS",
    "Max pending signals": "RLIMIT_SIGPENDING", "Max msgqueue size": "RLIMIT_MSGQUEUE", "Max nice priority": "RLIMIT_NICE",
    "Max realtime priority": "RLIMIT_RTPRIO", "Max realtime timeout": "RLIMIT_RTTIME",
  ]

  private static func swapAccounting(isV2: Bool) -> Bool {
    guard isV2 else { return access("/sys/fs/cgroup/memory/memory.memsw.limit_in_bytes", F_OK) == 0 }
    // The root cgroup has no such file; its children do.
    let children = (try? FileManager.default.contentsOfDirectory(atPath: "/sys/fs/cgroup")) ?? []
    return children.contains { access("/sys/fs/cgroup/\($0)/memory.swap.max", F_OK) == 0 }
  }

  /// A container's image need not have the libraries of this node, so only a static program will do.
  private static func initProgram() -> String? {
    let folders = ["/usr/local/bin", "/usr/bin", "/usr/local/libexec", "/usr/libexec", "/usr/libexec/docker", "/usr/libexec/podman", "/sbin", "/bin"]
    let names = ["docker-init", "tini-static", "catatonit", "tini"]
    return names.flatMap { name in folders.map { "\($0)/\(name)" } }.first { access($0, X_OK) == 0 && isStatic($0) }
  }

  /// Whether an ELF file names no interpreter.
  private static func isStatic(_ path: String) -> Bool {
    guard let data = FileManager.default.contents(atPath: path), data.prefix(5) == Data([0x7f, 0x45, 0x4c, 0x46, 2]) else { return false }
    let bytes = [UInt8](data)
    func number(_ offset: Int, _ size: Int) -> Int {
      guard offset + size <= bytes.count else { return 0 }
      return bytes[offset..<offset + size].reversed().reduce(0) { $0 << 8 | Int($1) }
    }
    let (table, entrySize, entries) = (number(0x20, 8), number(0x36, 2), number(0x38, 2))
    return entries > 0 && !(0..<entries).contains { number(table + $0 * entrySize, 4) == 3 }
  }

  private static func text(_ path: String) -> String? {
    FileManager.default.contents(atPath: path).map { String(decoding: $0, as: UTF8.self) }
  }
}
