import ClusterModel
import Testing

@Suite struct ServiceSpecValidationTests {
  struct Case: Sendable, CustomTestStringConvertible {
    var expected: String
    var change: @Sendable (inout ServiceSpec) -> Void
    var testDescription: String { expected }

    init(_ expected: String, _ change: @escaping @Sendable (inout ServiceSpec) -> Void) {
      self.expected = expected
      self.change = change
    }
  }

  private static func spec(_ change: (inout ServiceSpec) -> Void = { _ in }) -> ServiceSpec {
    var spec = ServiceSpec(name: "web", task: TaskSpec(container: ContainerSpec(image: "nginx")))
    change(&spec)
    return spec
  }

  private static func expectRefusal(_ refused: Case) {
    let error = #expect(throws: WarrenError.self) { try spec(refused.change).validate() }
    #expect(error?.code == .invalidArgument)
    #expect(error?.message.contains(refused.expected) == true, "\(error?.message ?? "")")
    #expect(error?.message.split(separator: ";").count ?? 0 >= 3, "what; why; what to do")
  }

  @Test(arguments: [
    Case("service name \"\" is not valid; it is empty") { $0.name = "" },
    Case("it has 64 characters") { $0.name = String(repeating: "a", count: 64) },
    Case("service name \"a_b\" is not valid; it contains \"_\"") { $0.name = "a_b" },
    Case("it contains \"ü\"") { $0.name = "ü" },
    Case("it contains \".\"") { $0.name = "a.b" },
    Case("it starts with a hyphen") { $0.name = "-a" },
    Case("it ends with a hyphen") { $0.name = "a-" },
    Case("update monitor 0s is not valid with a readiness check; each new task would count as failed") {
      $0.task.readiness = HealthCheck(.tcp(port: 80))
      $0.update.monitor = .zero
    },
    Case("rollback monitor 0s is not valid with a readiness check") {
      $0.task.readiness = HealthCheck(.tcp(port: 80))
      $0.rollback.monitor = .zero
    },
    Case("the image is missing") { $0.task.container.image = "" },
    Case("replicas -1 is not valid; it is negative; use 0 to 10000") { $0.mode = .replicated(replicas: -1) },
    Case("replicas 10001 is not valid; it is too many") { $0.mode = .replicated(replicas: 10_001) },
    Case("label \"a b\" of the service is not valid; its key contains \" \"") { $0.labels = ["a b": ""] },
    Case("its key is empty") { $0.labels = ["": "x"] },
    Case("Warren's own") { $0.labels = ["warren.task": "x"] },
    Case("key and value have 4097 bytes") { $0.labels = ["k": String(repeating: "v", count: 4096)] },
    Case("the service is too large") { $0.task.container.env = (0..<3).map { "K\($0)=" + String(repeating: "v", count: 100_000) } },
  ])
  func refusesServices(_ refused: Case) { Self.expectRefusal(refused) }

  @Test(arguments: [
    Case("memory limit 3.9MiB is not valid") { $0.task.limits.memoryBytes = 4095 << 10 },
    Case("memory limit -1 is not valid; it is negative") { $0.task.limits.memoryBytes = -1 },
    Case("memory reservation 128MiB is not valid; it is more than the limit of 64MiB") {
      $0.task.limits.memoryBytes = 64 << 20
      $0.task.reservations.memoryBytes = 128 << 20
    },
    Case("memory limit 2PiB is not valid; no machine has so much; use at most 1PiB") { $0.task.limits.memoryBytes = 1 << 51 },
    Case("memory reservation 7.9EiB is not valid; no machine has so much") { $0.task.reservations.memoryBytes = .max },
    Case("CPU limit -1 is not valid; it is negative") { $0.task.limits.nanoCPUs = -1_000_000_000 },
    Case("CPU limit 0.001 is not valid") { $0.task.limits.nanoCPUs = 1_000_000 },
    Case("CPU reservation 2 is not valid; it is more than the limit of 1.5") {
      $0.task.limits.nanoCPUs = 1_500_000_000
      $0.task.reservations.nanoCPUs = 2_000_000_000
    },
    Case("pids limit -1") { $0.task.pidsLimit = -1 },
    Case("max per node -1") { $0.task.placement.maxPerNode = -1 },
    Case("constraint \"node.zone==a\" is not valid") { $0.task.placement.constraints = ["node.zone==a"] },
    Case("restart delay") { $0.task.restart.delay = .seconds(-1) },
    Case("restart maximum -1") { $0.task.restart.maxAttempts = -1 },
    Case("restart window") { $0.task.restart.window = .seconds(-5) },
    Case("published port 0:80/tcp is not valid; port 0 does not exist") { $0.task.ports = [PublishedPort(hostPort: 0, containerPort: 80)] },
    Case("published port [fd00::1]:80:80/tcp is not valid; containers have IPv4 addresses only") {
      $0.task.ports = [PublishedPort(hostIP: "fd00::1", hostPort: 80, containerPort: 80)]
    },
    Case("published port 1.2.3:80:80/tcp is not valid; \"1.2.3\" is not an IP address") {
      $0.task.ports = [PublishedPort(hostIP: "1.2.3", hostPort: 80, containerPort: 80)]
    },
    Case("host port 127.0.0.1:80/tcp is published twice; it is the same as 80/tcp") {
      $0.task.ports = [PublishedPort(hostPort: 80, containerPort: 1), PublishedPort(hostIP: "127.0.0.1", hostPort: 80, containerPort: 2)]
    },
    Case("published port 8080:80/tcp is not valid; with the host's network") {
      $0.task.network = .host
      $0.task.ports = [PublishedPort(hostPort: 8080, containerPort: 80)]
    },
  ])
  func refusesTasks(_ refused: Case) { Self.expectRefusal(refused) }

  @Test(arguments: [
    Case("environment entry \"NAME\" is not valid; it has no =; write it as KEY=VALUE") { $0.task.container.env = ["NAME"] },
    Case("there is nothing before its =") { $0.task.container.env = ["=x"] },
    Case("environment key \"A B\" is not valid; it contains a blank") { $0.task.container.env = ["A B=x"] },
    Case("an argument is too long") { $0.task.container.args = [String(repeating: "x", count: 131_072)] },
    Case("contains a NUL byte") { $0.task.container.args = ["a\0b"] },
    Case("the entrypoint is not valid") { $0.task.container.entrypoint = [""] },
    Case("user \"a:b:c\" is not valid") { $0.task.container.user = "a:b:c" },
    Case("user \"a:\" is not valid; a name is missing") { $0.task.container.user = "a:" },
    Case("user \"99999999999\" is not valid") { $0.task.container.user = "99999999999" },
    Case("working directory \"srv\" is not valid; it is not an absolute path") { $0.task.container.workingDirectory = "srv" },
    Case("hostname \"a..b\" is not valid") { $0.task.container.hostname = "a..b" },
    Case("capability \"FLY\" is not valid") { $0.task.container.capAdd = ["FLY"] },
    Case("device \"sda\" is not valid") { $0.task.container.devices = ["sda"] },
    Case("\"rx\" is not made of r, w and m") { $0.task.container.devices = ["/dev/null:/dev/null:rx"] },
    Case("ulimit \"files\" is not valid; Linux has none") { $0.task.container.ulimits = [Ulimit(name: "files", soft: 1, hard: 1)] },
    Case("its soft limit 2 is above the hard limit 1") { $0.task.container.ulimits = [Ulimit(name: "nofile", soft: 2, hard: 1)] },
    Case("stop timeout") { $0.task.container.stopGrace = .seconds(-1) },
    Case("stop signal \"SIGSTOPPED\"") { $0.task.container.stopSignal = "SIGSTOPPED" },
    Case("mount at \"data\" is not valid; its target") { $0.task.container.mounts = [Mount(kind: .tmpfs, target: "data")] },
    Case("mount at \"/\" is not valid; it would hide") { $0.task.container.mounts = [Mount(kind: .tmpfs, target: "/")] },
    Case("its source \"../x\" is not an absolute path") { $0.task.container.mounts = [Mount(kind: .bind, source: "../x", target: "/x")] },
    Case("two mounts have this target") { $0.task.container.mounts = [Mount(kind: .tmpfs, target: "/x/"), Mount(kind: .tmpfs, target: "//x")] },
  ])
  func refusesContainers(_ refused: Case) { Self.expectRefusal(refused) }

  @Test func acceptsWhatIsAllowed() throws {
    try Self.spec().validate()
    try Self.spec {
      $0.name = "Web-2"
      $0.mode = .replicated(replicas: 0)
      $0.labels = ["com.example/team": "a", "k": ""]
      $0.task.limits = Resources(nanoCPUs: 10_000_000, memoryBytes: 4 << 20)
      $0.task.reservations = Resources(nanoCPUs: 10_000_000, memoryBytes: 4 << 20)
      $0.task.restart.delay = .zero
      $0.task.placement.constraints = ["node.labels.zone!=a"]
      $0.task.ports = [
        PublishedPort(hostPort: 65535, containerPort: 65535), PublishedPort(hostPort: 65535, containerPort: 1, transport: .udp),
        PublishedPort(hostIP: "127.0.0.2", hostPort: 80, containerPort: 80), PublishedPort(hostIP: "127.0.0.1", hostPort: 80, containerPort: 80),
      ]
      $0.task.container.env = ["EMPTY=", "A=b=c"]
      $0.task.container.user = "www-data:33"
      $0.task.container.capAdd = ["CAP_NET_ADMIN", "all"]
      $0.task.container.capDrop = ["mknod"]
      $0.task.container.devices = ["/dev/fuse", "/dev/sda:/dev/xvda:rwm"]
      $0.task.container.stopSignal = "SIGRTMIN+3"
      $0.task.container.ulimits = [Ulimit(name: "nofile", soft: 1024, hard: 4096)]
      $0.task.container.mounts = [Mount(kind: .bind, source: "/srv", target: "/srv"), Mount(kind: .tmpfs, target: "/tmp", tmpfsSizeBytes: 1)]
    }.validate()
  }

  @Test func aStartPeriodIsTimeEnough() throws {
    let spec = Self.spec {
      $0.task.readiness = HealthCheck(.tcp(port: 80))
      $0.task.readiness?.startPeriod = .seconds(10)
      $0.update.monitor = .zero
    }
    try spec.validate()
  }

  @Test func asksForTheImagesSyntax() {
    let error = #expect(throws: WarrenError.self) {
      try Self.spec().validate { image throws(WarrenError) in throw WarrenError(.invalidArgument, "image \(image)") }
    }
    #expect(error?.message == "image nginx")
  }

  @Test func neverRepeatsAValueOfTheEnvironment() {
    let error = #expect(throws: WarrenError.self) { try Self.spec { $0.task.container.env = ["PASS WORD=hunter2"] }.validate() }
    #expect(error?.message.contains("hunter2") == false)
  }

  @Test func saysThatPortsOfTheHostsNetworkSpreadReplicas() {
    let port = PublishedPort(hostPort: 8080, containerPort: 8080)
    var spec = Self.spec {
      $0.mode = .replicated(replicas: 2)
      $0.task.ports = [port]
    }
    #expect(spec.notes.isEmpty)
    spec.task.network = .host
    #expect(
      spec.notes == ["each of the 2 replicas needs a node of its own, because with the host's network only one can listen on 8080/tcp"])
  }

  @Test(arguments: [
    ("0.0.0.0", true), ("255.1.2.3", true), ("256.1.1.1", false), ("1.2.3", false), ("01.2.3.4", false), ("::", true), ("::1", true),
    ("fe80::1", true), ("1:2:3:4:5:6:7:8", true), ("1:2:3:4:5:6:7", false), ("1::2::3", false), ("::ffff:1.2.3.4", true), ("12345::", false),
    (":1", false), ("", false), ("host", false), ("1:2:3:4:5:6:7::8", false),
  ])
  func knowsAddresses(_ text: String, _ valid: Bool) { #expect(IPAddressText.isValid(text) == valid) }

  @Test(
    arguments: [
      (0, "0B"), (1023, "1023B"), (1024, "1KiB"), (1536, "1.5KiB"), (512 << 20, "512MiB"), (300 << 20, "300MiB"), (3 << 30, "3GiB"),
      ((5 << 30) / 2, "2.5GiB"), (-(4 << 20), "-4MiB"), (Int64.max, "7.9EiB"),
    ] as [(Int64, String)])
  func writesAmounts(_ bytes: Int64, _ text: String) { #expect(ByteCount.text(bytes) == text) }
}
