import ClusterModel
import Glibc
import Manager

/// Everything a daemon was told, checked once; passed down from here.
struct DaemonConfiguration: Sendable {
  let nodeID: NodeID
  let dataDirectory: String
  let isManager: Bool
  let runsContainers: Bool
  /// As others dial them.
  let raftAddress: HostPort
  let apiAddress: HostPort
  /// What is listened on; an empty host means every address of the machine.
  let raftListener: HostPort
  let apiListener: HostPort
  let socket: String
  let labels: [String: String]
  /// Nil: the machine's.
  let nanoCPUs: Int64?
  let memoryBytes: Int64?
  let containerdAddress: String?
  let containerdNamespace: String
  let cniPaths: [String]
  let subnet: String
  let bridge: String
  /// Empty: what the machine asks itself.
  let nameServers: [String]
  /// Nil: nothing is served.
  let metricsAddress: HostPort?
  /// The address was asked for: without it the daemon must not run.
  let metricsAddressIsRequired: Bool
  /// `lan` or `wan`.
  let raftProfile: String
  let raftTiming: RaftTiming
  /// How long a node may be silent before it counts as down.
  let nodeDownAfter: Duration

  /// - Throws: `invalidArgument` naming the option that is wrong.
  init(nodeID: NodeID, dataDirectory: String, settings: DaemonSettings, hostname: String, isManager: Bool = true) throws {
    self.nodeID = nodeID
    self.dataDirectory = dataDirectory
    self.isManager = isManager
    runsContainers = !isManager || settings.managerOnly != true
    let raft = try HostPort(parsing: settings.bindAddress ?? "\(hostname):7946", option: "--bind-addr")
    raftAddress = HostPort(host: try Self.advertised(settings, raft, hostname), port: raft.port)
    raftListener = raft.listened
    let api = try HostPort(parsing: settings.apiAddress ?? "\(hostname):8080", option: "--api-addr")
    apiAddress = HostPort(host: try Self.advertised(settings, api, hostname), port: api.port)
    apiListener = api.listened
    raftProfile = settings.raftProfile ?? "lan"
    raftTiming = raftProfile == "wan" ? .wan : .lan
    nodeDownAfter = .seconds(settings.nodeDownSeconds ?? 10)
    guard nodeDownAfter >= .seconds(2) else {
      throw WarrenError(.invalidArgument, "--node-down must be at least 2s: a worker says that it is there four times in that time")
    }
    socket = settings.socket ?? DaemonSocket.defaultPath
    guard socket.hasPrefix("/") else { throw WarrenError(.invalidArgument, "--socket \(socket) must be an absolute path") }
    guard socket.utf8.count <= 100 else {
      throw WarrenError(.invalidArgument, "--socket \(socket) is too long for a unix socket; use at most 100 bytes")
    }
    labels = settings.labels ?? [:]
    try LabelRules.validate(labels, of: "node")
    nanoCPUs = settings.nanoCPUs
    if let nanoCPUs, nanoCPUs <= 0 { throw WarrenError(.invalidArgument, "--cpu must be more than 0; leave it out for all the machine has") }
    memoryBytes = settings.memoryBytes
    if let memoryBytes, memoryBytes < 4 << 20 {
      throw WarrenError(.invalidArgument, "--memory must be at least 4MiB; leave it out for all the machine has")
    }
    containerdAddress = settings.containerdAddress
    containerdNamespace = try Self.name(settings.containerdNamespace ?? "warren", option: "--containerd-namespace", longest: 76)
    cniPaths = settings.cniPaths ?? ["/opt/cni/bin", "/usr/lib/cni"]
    subnet = settings.subnet ?? "10.88.0.0/16"
    try Self.check(subnet: subnet)
    bridge = try Self.name(settings.bridge ?? "warren0", option: "--bridge", longest: 15)
    nameServers = settings.nameServers ?? []
    if let wrong = nameServers.first(where: { !IPAddressText.isValid($0) || $0.contains(":") || $0.hasPrefix("127.") }) {
      throw WarrenError(.invalidArgument, "--dns '\(wrong)' is not an IPv4 address that containers reach; their own loopback is not this machine's")
    }
    metricsAddressIsRequired = settings.metricsAddress != nil
    metricsAddress =
      settings.metricsAddress == "off" ? nil : try HostPort(parsing: settings.metricsAddress ?? "127.0.0.1:9090", option: "--metrics-addr")
  }

  /// The host under which others find what is bound to this address.
  private static func advertised(_ settings: DaemonSettings, _ address: HostPort, _ hostname: String) throws -> String {
    guard let host = settings.advertiseAddress else { return address.isWildcard ? hostname : address.host }
    let checked = try HostPort(parsing: host.contains(":") && !host.hasPrefix("[") ? "[\(host)]:1" : "\(host):1", option: "--advertise-addr")
    guard !checked.isWildcard else { throw WarrenError(.invalidArgument, "--advertise-addr '\(host)' is no address that others reach; name one") }
    return checked.host
  }

  static func nodeID(_ text: String) throws -> NodeID { NodeID(try name(text, option: "--node-id", longest: 63)) }

  static func hostname() -> String {
    var buffer = [CChar](repeating: 0, count: 256)
    guard gethostname(&buffer, buffer.count - 1) == 0 else { return "localhost" }
    let name = String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    return name.isEmpty ? "localhost" : name
  }

  private static func name(_ text: String, option: String, longest: Int) throws -> String {
    let allowed = text.unicodeScalars.allSatisfy {
      $0.isASCII && ($0.properties.isAlphabetic || $0.properties.numericType != nil || "-_.".unicodeScalars.contains($0))
    }
    let edges = [text.first, text.last].allSatisfy { $0.map { $0.isLetter || $0.isNumber } ?? false }
    guard allowed, edges, text.utf8.count <= longest else {
      throw WarrenError(
        .invalidArgument,
        "\(option) '\(text)' is not a name; use 1 to \(longest) letters, digits, '-', '_' and '.', with a letter or digit at both ends")
    }
    return text
  }

  private static func check(subnet: String) throws {
    let parts = subnet.split(separator: "/", omittingEmptySubsequences: false)
    guard parts.count == 2, IPAddressText.isValid(String(parts[0])), !parts[0].contains(":"), let bits = Int(parts[1]), (8...29).contains(bits) else {
      throw WarrenError(.invalidArgument, "--cni-subnet '\(subnet)' is not an IPv4 network of /8 to /29; use for example 10.88.0.0/16")
    }
  }
}
