import ClusterModel
import Foundation
import OCI
import Testing

@testable import Containerd

@Suite("Runtime spec") struct SpecBuilderTests {
  static func recipe(_ change: (inout ContainerRecipe) -> Void = { _ in }) -> ContainerRecipe {
    var config = ImageConfig(platform: Platform(os: "linux", architecture: "amd64"))
    config.env = ["PATH=/bin", "A=image"]
    config.entrypoint = ["/bin/server"]
    config.command = ["--port", "80"]
    let image = PreparedImage(
      reference: "docker.io/library/web:1", digest: "sha256:" + String(repeating: "0", count: 64), config: config, chainID: "sha256:chain",
      snapshotter: "overlayfs")
    var recipe = ContainerRecipe(
      id: "web-1", image: image, spec: ContainerSpec(image: "web:1"), hostname: "web-1", network: .namespace(path: "/run/netns/web-1"),
      logDirectory: "/logs")
    recipe.hostsFile = "/files/hosts"
    recipe.resolvConfFile = "/files/resolv.conf"
    change(&recipe)
    return recipe
  }

  static let facts = NodeFacts(
    architecture: "amd64", cgroupV2: false, swapAccounting: true, hardLimits: ["RLIMIT_NOFILE": 20000, "RLIMIT_NPROC": .max],
    capabilities: Set(CapabilitySet.all), minimumOOMScoreAdjust: -1000, initProgram: "/usr/bin/tini-static",
    devices: ["/dev/fuse": [.init(path: "/dev/fuse", type: "c", major: 10, minor: 229, fileMode: 0o666, uid: 0, gid: 0)]])

  static let users = ImageUsers(
    passwd: "root:x:0:0:root:/root:/bin/sh\nweb:x:1000:1000::/srv:/bin/sh\n", group: "root:x:0:\nweb:x:1000:\nextra:x:2000:web\n")

  static func spec(facts: NodeFacts = facts, _ change: (inout ContainerRecipe) -> Void = { _ in }) throws -> RuntimeSpec {
    try SpecBuilder(recipe: recipe(change), facts: facts, users: users, cgroupRoot: "warren").build()
  }

  @Test("A plain service and one that uses everything, byte for byte", arguments: ["plain", "everything", "cgroup-v2"])
  func golden(name: String) throws {
    var facts = Self.facts
    facts.cgroupV2 = name == "cgroup-v2"
    let spec = try Self.spec(facts: facts) { recipe in if name == "everything" { Self.useEverything(&recipe) } }
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    let text = String(decoding: try encoder.encode(spec), as: UTF8.self) + "\n"
    let file = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent().appending(path: "Golden/\(name).json")
    if ProcessInfo.processInfo.environment["WARREN_UPDATE_GOLDEN"] == "1" { try Data(text.utf8).write(to: file) }
    let golden = try String(contentsOf: file, encoding: .utf8)
    #expect(text == golden, "if the change is meant, run the tests once with WARREN_UPDATE_GOLDEN=1 and review the difference")
    #expect(try JSONDecoder().decode(RuntimeSpec.self, from: Data(golden.utf8)) == spec)
  }

  private static func useEverything(_ recipe: inout ContainerRecipe) {
    recipe.spec.user = "web"
    recipe.spec.env = ["A=service", "B=2"]
    recipe.spec.args = ["--debug"]
    recipe.spec.workingDirectory = "/srv"
    recipe.spec.readOnly = true
    recipe.spec.capAdd = ["SYS_TIME"]
    recipe.spec.capDrop = ["cap_net_raw"]
    recipe.spec.devices = ["/dev/fuse:/dev/myfuse:r"]
    recipe.spec.initProcess = true
    recipe.spec.allowNewPrivileges = true
    recipe.spec.ulimits = [Ulimit(name: "nofile", soft: 1000, hard: 50000), Ulimit(name: "nproc", soft: 5, hard: 6)]
    recipe.spec.mounts = [
      Mount(kind: .bind, source: "/data", target: "/srv/data", readOnly: true), Mount(kind: .tmpfs, target: "/srv", tmpfsSizeBytes: 1 << 20),
    ]
    recipe.limits = Resources(nanoCPUs: 1_500_000_000, memoryBytes: 64 << 20)
    recipe.reservations = Resources(nanoCPUs: 500_000_000, memoryBytes: 32 << 20)
    recipe.pidsLimit = 50
    recipe.network = .host
  }

  @Test func entrypointGivenByHandDropsTheImagesCommand() throws {
    #expect(try Self.spec { $0.spec.entrypoint = ["/bin/sh"] }.process.args == ["/bin/sh"])
    #expect(try Self.spec { $0.spec.args = ["x"] }.process.args == ["/bin/server", "x"])
    #expect(
      try Self.spec {
        $0.spec.entrypoint = []; $0.spec.args = ["x"]
      }.process.args == ["x"])
    #expect(throws: WarrenError.self) { try Self.spec { $0.spec.entrypoint = [] } }
  }

  @Test func capabilities() throws {
    let all = Set(CapabilitySet.all)
    #expect(try CapabilitySet.resolve(add: [], drop: ["ALL"], available: all) == [])
    #expect(try CapabilitySet.resolve(add: ["net_bind_service"], drop: ["ALL"], available: all) == ["CAP_NET_BIND_SERVICE"])
    #expect(try CapabilitySet.resolve(add: ["ALL"], drop: ["MKNOD"], available: all).count == 40)
    #expect(try CapabilitySet.resolve(add: ["ALL"], drop: [], available: ["CAP_KILL"]) == ["CAP_KILL"])
    #expect(throws: WarrenError.self) { try CapabilitySet.resolve(add: ["FLY"], drop: [], available: all) }
  }

  @Test func usersByNameAndNumber() throws {
    #expect(try Self.users.resolve("web").user == .init(uid: 1000, gid: 1000, additionalGids: [1000, 2000]))
    #expect(try Self.users.resolve("1000").user == .init(uid: 1000, gid: 1000, additionalGids: [1000, 2000]))
    #expect(try Self.users.resolve("web:extra").user == .init(uid: 1000, gid: 2000, additionalGids: [2000]))
    #expect(try Self.users.resolve("4242:7").user == .init(uid: 4242, gid: 7, additionalGids: [7]))
    #expect(try Self.users.resolve("").home == "/root")
    #expect(try ImageUsers(passwd: nil, group: nil).resolve("").user == .init(uid: 0, gid: 0, additionalGids: [0]))
    #expect(throws: WarrenError.self) { try Self.users.resolve("nobody-here") }
    #expect(throws: WarrenError.self) { try Self.users.resolve("web:nogroup") }
  }

  @Test func whatCannotBeMetIsSaid() throws {
    var facts = Self.facts
    facts.initProgram = nil
    #expect(throws: WarrenError.self) { try Self.spec(facts: facts) { $0.spec.initProcess = true } }
    #expect(throws: WarrenError.self) { try Self.spec { $0.spec.devices = ["/dev/none"] } }
    #expect(throws: WarrenError.self) { try Self.spec { $0.spec.devices = ["fuse"] } }
    #expect(throws: WarrenError.self) { try Self.spec { $0.spec.ulimits = [Ulimit(name: "beer", soft: 1, hard: 1)] } }
    #expect(throws: WarrenError.self) { try Self.spec { $0.spec.mounts = [Mount(kind: .tmpfs, target: "/")] } }
  }

  @Test func portsOfItsOwnNeedNoPrivilege() throws {
    #expect(try Self.spec().linux.sysctl?["net.ipv4.ip_unprivileged_port_start"] == "0")
    #expect(try Self.spec { $0.network = .host }.linux.sysctl == nil, "the node's ports are the node's")
  }

  @Test func aUsersMountWins() throws {
    func targets(_ change: (inout ContainerRecipe) -> Void) throws -> [String] { try Self.spec(change).mounts.map(\.destination) }
    let etc = try targets { $0.spec.mounts = [Mount(kind: .bind, source: "/my/etc", target: "/etc/")] }
    #expect(etc.filter { $0.hasPrefix("/etc") } == ["/etc/"], "nothing is made in a folder of the node's")
    let hosts = try Self.spec { $0.spec.mounts = [Mount(kind: .bind, source: "/my/hosts", target: "/etc/hosts")] }.mounts
    #expect(hosts.filter { $0.destination == "/etc/hosts" }.map(\.source) == ["/my/hosts"])
    #expect(hosts.contains { $0.destination == "/etc/resolv.conf" })
    let scratch = try targets { $0.spec.mounts = [Mount(kind: .tmpfs, target: "/etc")] }
    let below = try #require(scratch.firstIndex(of: "/etc"))
    #expect(scratch[below...].contains("/etc/hosts") && scratch[below...].contains("/etc/resolv.conf"), "ours come upon it")
    let devices = try Self.spec {
      $0.spec.mounts = [Mount(kind: .bind, source: "/dev", target: "/dev"), Mount(kind: .tmpfs, target: "/dev/shm", tmpfsSizeBytes: 1 << 20)]
      $0.spec.initProcess = true
    }
    #expect(devices.mounts.map(\.destination).filter { $0.hasPrefix("/dev") } == ["/dev", "/dev/shm"])
    #expect(devices.process.args.first == "/.warren-init" && devices.mounts.contains { $0.destination == "/.warren-init" })
  }

  @Test func signals() throws {
    #expect(try Signal("SIGQUIT").number == 3)
    #expect(try Signal("term") == .terminate)
    #expect(try Signal("9") == .kill)
    #expect(try Signal("SIGRTMIN+3").number == 37)
    #expect(Signal(number: 37).description == "SIGRTMIN+3")
    #expect(Signal(number: 15).description == "SIGTERM")
    #expect(throws: WarrenError.self) { try Signal("SIGWHAT") }
    #expect(throws: WarrenError.self) { try Signal("65") }
  }
}
