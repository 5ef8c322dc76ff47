import ClusterModel
import Foundation
import HostNetwork
import Testing

@Suite struct PortRulesTests {
  private let rules = PortRules(table: "warren_t", bridge: "warren0", subnet: "10.88.0.0/16")

  @Test func withoutTasksOnlyTheWayOutIsThere() {
    let script = rules.script(publishing: [PublishedTask(address: "10.88.0.2", ports: [])])
    #expect(script == rules.script(publishing: []))
    #expect(script.hasPrefix("add table ip warren_t\ndelete table ip warren_t\ntable ip warren_t {\n  chain publish {\n  }\n"))
    #expect(script.contains("ip saddr 10.88.0.0/16 oifname != \"warren0\" masquerade"))
    #expect(!script.contains("dport"))
  }

  @Test func tasksOfOnePortTakeTurnsInAFixedOrder() {
    let port = PublishedPort(hostPort: 8080, containerPort: 80)
    let script = rules.script(publishing: [
      PublishedTask(address: "10.88.0.3", ports: [port]), PublishedTask(address: "10.88.0.2", ports: [port]),
    ])
    #expect(script.contains("    tcp dport 8080 dnat ip to numgen inc mod 2 map { 0 : 10.88.0.2 . 80, 1 : 10.88.0.3 . 80 }\n"))
  }

  @Test func anAddressComesBeforeTheWildcardOfTheSamePort() throws {
    let script = rules.script(publishing: [
      PublishedTask(address: "10.88.0.2", ports: [PublishedPort(hostPort: 53, containerPort: 53, transport: .udp)]),
      PublishedTask(address: "10.88.0.3", ports: [PublishedPort(hostIP: "127.0.0.1", hostPort: 53, containerPort: 5353, transport: .udp)]),
    ])
    let specific = try #require(script.firstRange(of: "ip daddr 127.0.0.1 udp dport 53 dnat ip to numgen inc mod 1 map { 0 : 10.88.0.3 . 5353 }"))
    let wildcard = try #require(script.firstRange(of: "    udp dport 53 dnat ip to numgen inc mod 1 map { 0 : 10.88.0.2 . 53 }"))
    #expect(specific.lowerBound < wildcard.lowerBound)
  }

  @Test func containersCannotReachTheNodesLoopback() {
    let script = rules.script(publishing: [PublishedTask(address: "10.88.0.2", ports: [PublishedPort(hostPort: 1, containerPort: 1)])])
    #expect(script.contains("iifname \"warren0\" ip daddr 127.0.0.0/8 drop"))
  }

  @Test func onlyWhatWasLedHereComesIn() {
    #expect(
      rules.script(publishing: []).contains(
        """
          chain forward {
            type filter hook forward priority 0; policy accept;
            oifname != "warren0" accept
            iifname "warren0" accept
            ct state established,related accept
            ct status dnat accept
            drop
          }

        """))
  }

  @Test func addressesAreBelievedFromTheirSideOnly() {
    let script = rules.script(publishing: [])
    #expect(script.contains("iifname \"warren0\" ip saddr != 10.88.0.0/16 drop"))
    #expect(script.contains("iifname != { \"warren0\", \"lo\" } ip saddr 10.88.0.0/16 drop"))
    #expect(script.contains("    ip daddr 127.0.0.0/8 return\n    fib daddr type local jump publish\n"), "what is published on 127.0.0.1 stays there")
  }
}
