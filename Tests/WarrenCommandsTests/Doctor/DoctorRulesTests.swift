import Foundation
import HostNetwork
import Testing

@testable import WarrenCommands

@Suite struct DoctorRulesTests {
  private static let healthy = DoctorFacts(
    isRoot: true, kernel: "6.1.0", overlay: .works(), links: .works(), packetRules: .works(),
    namespaces: ["ipc", "mnt", "net", "pid", "uts", "user"],
    hasSeccomp: true, cgroups: .init(version: 2, controllers: ["cpu", "memory", "pids", "io"]),
    containerd: .init(binary: "/usr/bin/containerd", socket: "/run/c.sock", answer: .works("1.6.20~ds1")), runtimes: ["runc"],
    pluginPaths: ["/usr/lib/cni"], plugins: ["bridge", "host-local"], tools: ["ip", "nft", "iptables", "conntrack"], forwards: true, hasBridge: true,
    subnetProblem: nil, sharesSubnetWithPodman: false, forwardFilters: [], bridge: "warren0", hasNameServer: true,
    ports: [.init(number: 9090, use: "metrics and health", holder: nil)], disk: .init(path: "/var/lib", freeBytes: 10 << 30, freeFiles: 1 << 20),
    clock: .init(now: 1_800_000_000, isSynchronised: true))

  @Test func aHealthyMachinePasses() {
    #expect(DoctorRules.checks(Self.healthy).allSatisfy { $0.outcome == .ok && $0.fix.isEmpty })
  }

  struct Case: Sendable, CustomTestStringConvertible {
    let check: String
    let outcome: DoctorCheck.Outcome
    let fix: String
    let change: @Sendable (inout DoctorFacts) -> Void
    var testDescription: String { "\(check): \(fix)" }

    init(_ check: String, _ outcome: DoctorCheck.Outcome, _ fix: String, _ change: @escaping @Sendable (inout DoctorFacts) -> Void) {
      (self.check, self.outcome, self.fix, self.change) = (check, outcome, fix, change)
    }
  }

  private static let cases: [Case] = [
    Case("root", .failure, "sudo") { $0.isRoot = false },
    Case("overlayfs", .failure, "modprobe overlay") { $0.overlay = .fails("unknown filesystem type") },
    Case("overlayfs", .warning, "as root") { $0.overlay = .untried("needs root") },
    Case("bridge and veth", .failure, "modprobe bridge") { $0.links = .fails("Operation not supported") },
    Case("nftables", .failure, "numgen") { $0.packetRules = .fails("no such file") },
    Case("namespaces", .failure, "kernel") { $0.namespaces = ["ipc", "mnt", "pid", "uts"] },
    Case("seccomp", .failure, "CONFIG_SECCOMP_FILTER") { $0.hasSeccomp = false },
    Case("cgroups", .failure, "cgroup_enable=memory") { $0.cgroups.controllers = ["cpu", "pids"] },
    Case("cgroups", .failure, "controllers") { $0.cgroups.controllers = ["cpu", "memory"] },
    Case("cgroups", .failure, "mount") { $0.cgroups = .init(version: 0, controllers: []) },
    Case("containerd", .failure, "apt-get install containerd") { $0.containerd = .init(binary: nil, socket: "/s", answer: .fails("does not exist")) },
    Case("containerd", .warning, "systemctl start") { $0.containerd.answer = .fails("does not exist") },
    Case("containerd", .failure, "1.6 or newer") { $0.containerd.answer = .works("1.4.13") },
    Case("runtime", .failure, "apt-get install runc") { $0.runtimes = [] },
    Case("runtime", .failure, "apt-get install runc") {
      $0.runtimes = ["crun"]
      $0.cgroups.isHybrid = true
    },
    Case("CNI plugins", .failure, "containernetworking-plugins") { $0.plugins = ["bridge"] },
    Case("programs", .failure, "apt-get install iproute2 nftables") { $0.tools = [] },
    Case("programs", .warning, "apt-get install conntrack") { $0.tools = ["ip", "nft"] },
    Case("forwarding", .failure, "ip_forward=1") { $0.forwards = false },
    Case("forwarding", .ok, "") {
      $0.forwards = false
      $0.hasBridge = false
    },
    Case("container subnet", .failure, "--cni-subnet") { $0.subnetProblem = "overlaps" },
    Case("container subnet", .warning, "podman is used") { $0.sharesSubnetWithPodman = true },
    Case("firewall", .warning, "--zone=trusted --add-interface=warren0") {
      $0.forwardFilters = [ForwardFilter(table: "inet firewalld", chain: "filter_FORWARD")]
    },
    Case("firewall", .warning, "nft insert rule inet filter forward oifname warren0 ct status dnat accept") {
      $0.forwardFilters = [ForwardFilter(table: "inet filter", chain: "forward")]
    },
    Case("firewall", .warning, "iptables -I FORWARD -i warren0") {
      $0.forwardFilters = [ForwardFilter(table: "ip filter", chain: "FORWARD")]
    },
    Case("firewall", .warning, "as root") { $0.forwardFilters = nil },
    Case("name servers", .warning, "--dns") { $0.hasNameServer = false },
    Case("port 9090", .warning, "--metrics-addr") { $0.ports[0].holder = "prometheus (pid 7)" },
    Case("port 9090", .ok, "") { $0.ports[0].holder = "warren (pid 7)" },
    Case("disk", .failure, "image prune") { $0.disk?.freeBytes = 100 << 20 },
    Case("disk", .warning, "2 GiB") { $0.disk?.freeBytes = 1 << 30 },
    Case("disk", .failure, "remove files") { $0.disk?.freeFiles = 3 },
    Case("disk", .failure, "writable") { $0.disk?.isReadOnly = true },
    Case("disk", .failure, "--data-dir") { $0.disk = nil },
    Case("time", .failure, "set it") { $0.clock.now = 0 },
    Case("time", .warning, "chrony") { $0.clock.isSynchronised = false },
    Case("time", .warning, "timedatectl") { $0.clock.isSynchronised = nil },
  ]

  @Test(arguments: cases) func whatIsWrongIsSaidWithItsRemedy(_ wrong: Case) throws {
    var facts = Self.healthy
    wrong.change(&facts)
    let checks = DoctorRules.checks(facts)
    let check = try #require(checks.first { $0.name == wrong.check })
    #expect(check.outcome == wrong.outcome)
    #expect(wrong.fix.isEmpty ? check.fix.isEmpty : check.fix.contains(wrong.fix))
    // Nothing else is blamed.
    #expect(checks.filter { $0.name != wrong.check }.allSatisfy { $0.outcome == .ok })
  }

  @Test(arguments: [("1.6.20~ds1", true), ("v2.1.4", true), ("1.5.9", false), ("1.10.0", true), ("unknown", true)])
  func versions(_ version: String, _ expected: Bool) { #expect(DoctorRules.isAtLeast(1, 6, version) == expected) }

  @Test func forPeopleAndForScripts() throws {
    let checks = [DoctorCheck.ok("root", "runs as root"), .warning("time", "the clock is not synchronised", fix: "install chrony")]
    #expect(
      try DoctorReport.render(checks, format: .table, quiet: false)
        == "CHECK   STATUS    DETAIL                          FIX\nroot    ok        runs as root                    -\n"
        + "time    warning   the clock is not synchronised   install chrony\n")
    #expect(try DoctorReport.render(checks, format: .table, quiet: true) == "time\n")
    let json = try DoctorReport.render(checks, format: .json, quiet: false)
    #expect(
      try JSONDecoder().decode([[String: String]].self, from: Data(json.utf8)) == [
        ["name": "root", "outcome": "ok", "detail": "runs as root", "fix": ""],
        ["name": "time", "outcome": "warning", "detail": "the clock is not synchronised", "fix": "install chrony"],
      ])
  }
}
