import Foundation
import Testing

@testable import HostNetwork

@Suite struct ForwardingTests {
  /// A kernel made of files.
  private struct Machine {
    let directory = FileManager.default.temporaryDirectory.appending(path: "warren-forwarding-\(UInt32.random(in: .min ... .max))").path
    var forwarding: Forwarding { Forwarding(record: directory + "/run/record", setting: directory + "/ip_forward", interfaces: directory + "/net") }

    /// - Parameter switchedOn: before Warren came.
    init(switchedOn: Bool) throws {
      for path in [
        "lo", "eth0/device", "eth1/device", "eth1/master", "br0/bridge", "br0/brif/eth1", "docker0/bridge", "docker0/brif", "veth1/master", "wg0",
      ] {
        try add(path)
      }
      try "\(switchedOn ? 1 : 0)\n".write(toFile: forwarding.setting, atomically: false, encoding: .utf8)
    }

    func add(_ path: String) throws {
      try FileManager.default.createDirectory(atPath: "\(directory)/net/\(path)", withIntermediateDirectories: true)
    }
    func remove() { try? FileManager.default.removeItem(atPath: directory) }
    var setting: String? { try? String(contentsOfFile: forwarding.setting, encoding: .utf8) }
  }

  @Test func aMachineThatForwardsIsLeftAsItIs() throws {
    let machine = try Machine(switchedOn: true)
    defer { machine.remove() }
    #expect(try machine.forwarding.rules() == "")
    try machine.forwarding.turnOn()
    #expect(machine.setting == "1\n")
  }

  @Test func oneThatDidNotDoesNotBecomeARouter() throws {
    let machine = try Machine(switchedOn: false)
    defer { machine.remove() }
    let rules = try machine.forwarding.rules()
    #expect(
      rules == """
        add table ip warren_no_router
        delete table ip warren_no_router
        table ip warren_no_router {
          chain forward {
            type filter hook forward priority 0; policy accept;
            iifname "br0" oifname { "eth0", "eth1", "wg0" } drop
            iifname "eth0" oifname { "br0", "eth0", "eth1", "wg0" } drop
            iifname "eth1" oifname { "br0", "eth0", "eth1", "wg0" } drop
            iifname "wg0" oifname { "br0", "eth0", "eth1", "wg0" } drop
          }
        }

        """)
    #expect(machine.setting == "0\n", "the rules come before the switch")
    try machine.forwarding.turnOn()
    #expect(machine.setting == "1")
    #expect(try machine.forwarding.rules() == rules, "a restart of Warren changes nothing")

    for later in ["eth2/device", "wg1", "virbr0/bridge"] { try machine.add(later) }
    let more = try machine.forwarding.rules()
    #expect(more.contains("iifname \"eth2\" oifname { \"br0\", \"eth0\", \"eth1\", \"eth2\", \"wg0\" } drop"))
    #expect(!more.contains("wg1") && !more.contains("virbr0") && !more.contains("docker0"), "whoever made them counts on forwarding")
  }

  @Test func aMachineWithNothingToRouteBetween() { #expect(!Forwarding.script(uplinks: ["br0"], bridges: ["br0"]).contains("drop")) }
}

@Suite struct ForwardPolicyTests {
  @Test func inwardsOnlyAnswersAndPublishedPorts() {
    #expect(
      ForwardPolicy(bridge: "warren0").rules.map { $0.joined(separator: " ") } == [
        "-i warren0 -m comment --comment warren warren0 -j ACCEPT",
        "-o warren0 -m conntrack --ctstate RELATED,ESTABLISHED,DNAT -m comment --comment warren warren0 -j ACCEPT",
      ])
  }
}
