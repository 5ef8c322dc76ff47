import ClusterModel
import Foundation
import Testing

@testable import HostNetwork

/// Who reaches what, tried from another machine on the same network (a namespace) that has a route to the containers through the node.
/// Needs what `NodeNetworkTests` needs.
@Suite struct NeighbourTests {
  /// The neighbour's link ends in the node as `wn<number>`.
  private struct Neighbour {
    let number: Int
    var name: String { "wneighbour\(number)" }
    var nodeAddress: String { "203.0.113.\(number * 4 + 1)" }
    var address: String { "203.0.113.\(number * 4 + 2)" }

    /// - Parameter node: namespace that stands for the node; nil is the test's own.
    func arrive(node: String? = nil) async throws {
      let ip = node.map { "ip -n \($0)" } ?? "ip"
      _ = try await TestNetwork.shell(
        """
        ip netns add \(name) && ip link add wn\(number) type veth peer name eth0 netns \(name) &&
        \(node.map { "ip link set wn\(number) netns \($0) && " } ?? "") \(ip) addr add \(nodeAddress)/30 dev wn\(number) &&
        \(ip) link set wn\(number) up && ip -n \(name) addr add \(address)/30 dev eth0 && ip -n \(name) link set eth0 up &&
        ip -n \(name) link set lo up && ip -n \(name) route add default via \(nodeAddress)
        """)
    }

    func leave() async throws { _ = try await TestNetwork.shell("ip netns delete \(name); ip link delete wn\(number) 2>/dev/null") }
  }

  @Test func aNeighbourReachesWhatIsPublishedAndNothingElse() async throws {
    try await TestNetwork.with(8) { network in
      let neighbour = Neighbour(number: 1)
      try await neighbour.arrive()
      let outcome: Result<Void, any Error>
      do { outcome = .success(try await reach(network, neighbour)) } catch { outcome = .failure(error) }
      try await neighbour.leave()
      try outcome.get()
    }
  }

  private func reach(_ network: TestNetwork, _ neighbour: Neighbour) async throws {
    try await network.serving(["a", "b"], ports: [80, 81]) { addresses in
      let (a, b) = (try #require(addresses["a"]), try #require(addresses["b"]))
      try await network.node.publish(
        "a", address: a,
        ports: [PublishedPort(hostPort: 18085, containerPort: 80), PublishedPort(hostIP: "127.0.0.1", hostPort: 18086, containerPort: 80)])
      let (inA, inB) = ("wtest8-a", "wtest8-b")

      // The neighbour.
      #expect(try await TestNetwork.ask(neighbour.nodeAddress, 18085, from: neighbour.name) == "a \(neighbour.address)")
      for (address, port) in [(a, 80), (a, 81), (b, 80)] {
        #expect(try await TestNetwork.ask(address, port, from: neighbour.name, patience: 1) == "", "\(address):\(port) is not published")
      }
      #expect(try await TestNetwork.ask(neighbour.nodeAddress, 18086, from: neighbour.name, patience: 1) == "", "published on 127.0.0.1 only")
      #expect(try await TestNetwork.shell("ip netns exec \(neighbour.name) ping -c1 -W1 \(a) >/dev/null || echo no") == "no")

      // Containers.
      #expect(try await TestNetwork.ask(a, 81, from: inB) == "a \(b)", "one container reaches another")
      for client in [inA, inB] {
        #expect(try await TestNetwork.ask(neighbour.nodeAddress, 18085, from: client).hasPrefix("a "), "a published port from \(client)")
      }
      try await withThrowingTaskGroup(of: Void.self) { group in
        try await TestNetwork.serve("outside", in: neighbour.name, ports: [8000], &group)
        #expect(try await TestNetwork.ask(neighbour.address, 8000, from: inA) == "outside \(neighbour.nodeAddress)", "the way out")
        try await TestNetwork.serve("loopback", in: nil, address: "127.0.0.1", ports: [18087], &group)
        _ = try await TestNetwork.shell(
          "ip -n \(inA) route add table local 127.0.0.1 via 10.254.8.1 dev eth0; ip netns exec \(inA) sysctl -qw net.ipv4.conf.all.route_localnet=1; ip -n \(inA) link set lo down"
        )
        #expect(try await TestNetwork.ask("127.0.0.1", 18087, from: inA, patience: 1) == "", "the node's loopback is not a container's")
        group.cancelAll()
      }

      // The node itself.
      for address in ["127.0.0.1", neighbour.nodeAddress] {
        #expect(try await TestNetwork.ask(address, 18085).hasPrefix("a "), "from the node on \(address)")
      }
      #expect(try await TestNetwork.ask("127.0.0.1", 18086).hasPrefix("a "))
      #expect(try await TestNetwork.ask(b, 81).hasPrefix("b "), "the node reaches its containers")

      _ = try await TestNetwork.shell("nft flush chain ip wtest8 forward")
      #expect(try await TestNetwork.ask(a, 81, from: neighbour.name) == "a \(neighbour.address)", "it is these rules that keep the neighbour out")
    }
  }

  /// A datagram needs no answer to do harm, so that its sender's address must be one that can come from there.
  @Test func nobodySendsWithAnotherSidesAddress() async throws {
    try await TestNetwork.with(9) { network in
      let neighbour = Neighbour(number: 2)
      try await neighbour.arrive()
      let outcome: Result<Void, any Error>
      do {
        _ = try await network.node.attach("a")
        let gateway = network.node.configuration.subnet.gateway
        _ = try await TestNetwork.shell(
          "ip -n \(neighbour.name) addr add 10.254.9.77/32 dev lo; ip -n wtest9-a addr add 198.18.0.9/32 dev lo")
        #expect(try await receives(on: neighbour.nodeAddress, from: neighbour.address, in: neighbour.name))
        #expect(try await !receives(on: neighbour.nodeAddress, from: "10.254.9.77", in: neighbour.name), "a neighbour in a container's name")
        #expect(try await receives(on: gateway, from: "10.254.9.2", in: "wtest9-a"))
        #expect(try await !receives(on: gateway, from: "198.18.0.9", in: "wtest9-a"), "a container in a stranger's name")
        _ = try await TestNetwork.shell("nft flush chain ip wtest9 guard")
        #expect(try await receives(on: gateway, from: "198.18.0.9", in: "wtest9-a"), "it is these rules that forbid it")
        #expect(try await receives(on: neighbour.nodeAddress, from: "10.254.9.77", in: neighbour.name))
        outcome = .success(())
      } catch { outcome = .failure(error) }
      try await neighbour.leave()
      try outcome.get()
    }
  }

  /// Whether a datagram that is sent in a namespace arrives at a program of the node.
  private func receives(on address: String, from sender: String, in namespace: String) async throws -> Bool {
    let receiver = """
      import socket, subprocess, sys
      address, sender, namespace = sys.argv[1:]
      s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.bind((address, 0)); s.settimeout(1)
      send = 'import socket, sys; s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.bind((sys.argv[1], 0)); s.sendto(b"x", (sys.argv[2], int(sys.argv[3])))'
      subprocess.run(['ip', 'netns', 'exec', namespace, 'python3', '-c', send, sender, address, str(s.getsockname()[1])], check=True)
      try: print(s.recvfrom(9)[1][0])
      except OSError: print('nothing')
      """
    let received = try await Tool.run("python3", ["-c", receiver, address, sender, namespace])
    return received.text.trimmed == sender
  }

  /// In a node made of a namespace, where forwarding is what the test says.
  @Test func forwardingForContainersMakesNoRouterOfTheNode() async throws {
    let (left, right) = (Neighbour(number: 3), Neighbour(number: 4))
    _ = try await TestNetwork.shell("ip netns add wnode3; ip netns exec wnode3 sysctl -qw net.ipv4.ip_forward=1")
    let outcome: Result<Void, any Error>
    do {
      for neighbour in [left, right] { try await neighbour.arrive(node: "wnode3") }
      // What stands for a container is behind a bridge, which is none of the node's ways out.
      _ = try await TestNetwork.shell(
        """
        ip netns add wbox3 && ip -n wnode3 link add wbr3 type bridge && ip -n wnode3 addr add 10.254.10.1/24 dev wbr3 && ip -n wnode3 link set wbr3 up &&
        ip -n wnode3 link add wbv3 type veth peer name eth0 netns wbox3 && ip -n wnode3 link set wbv3 master wbr3 up &&
        ip -n wbox3 addr add 10.254.10.2/24 dev eth0 && ip -n wbox3 link set eth0 up && ip -n wbox3 route add default via 10.254.10.1
        """)
      let pings = { (from: String, to: String) async throws -> Bool in
        try await TestNetwork.shell("ip netns exec \(from) ping -c1 -W2 \(to) >/dev/null && echo yes") == "yes"
      }
      #expect(try await pings(left.name, right.address), "this is what must not happen")
      try "\(Forwarding.script(uplinks: ["wn3", "wn4"]))".write(toFile: "/tmp/warren-router-\(getpid())", atomically: true, encoding: .utf8)
      #expect(try await TestNetwork.shell("ip netns exec wnode3 nft -f /tmp/warren-router-\(getpid()) && echo loaded") == "loaded")
      #expect(try await !pings(left.name, right.address))
      #expect(try await pings("wbox3", right.address), "a container gets out")
      #expect(try await pings(left.name, left.nodeAddress), "the node is reached")
      outcome = .success(())
    } catch { outcome = .failure(error) }
    try? FileManager.default.removeItem(atPath: "/tmp/warren-router-\(getpid())")
    for neighbour in [left, right] { try await neighbour.leave() }
    _ = try await TestNetwork.shell("ip netns delete wnode3; ip netns delete wbox3")
    try outcome.get()
  }

  @Test func rulesOfOthersThatDropContainersPacketsAreFound() async throws {
    let file = "/tmp/warren-firewall-\(getpid())"
    func table(_ name: String, _ chain: String, policy: String, _ rules: String...) -> String {
      "table \(name) {\n chain \(chain) {\n type filter hook \(chain == "input" ? "input" : "forward") priority 0; policy \(policy);\n"
        + rules.map { "\($0)\n" }.joined() + "}\n}\n"
    }
    let rules = [
      table(
        "inet firewalld", "filter_FORWARD", policy: "accept", "ct state established,related accept", "ct status dnat accept", "iifname lo accept",
        "reject with icmpx type admin-prohibited"),
      table("inet filter", "forward", policy: "drop"), table("inet late", "forward", policy: "accept", "counter drop", "iifname warren0 accept"),
      table("inet knows", "forward", policy: "drop", "iifname { warren0, eth0 } accept"), table("inet input", "input", policy: "drop"),
      table("ip warren0", "forward", policy: "accept", "drop"),
    ].joined()
    try rules.write(toFile: file, atomically: true, encoding: .utf8)
    let loaded = try await Tool.run(
      "sh", ["-c", "ip netns add wfire && ip netns exec wfire nft -f \(file) && ip netns exec wfire iptables -P FORWARD DROP"])
    #expect(loaded.succeeded, "\(loaded.errors)")
    func found() async throws -> [String] {
      let text = try await TestNetwork.shell("ip netns exec wfire nft -j list ruleset")
      return ForwardFilter.parse(text, bridge: "warren0", own: "warren0").map { "\($0.table) \($0.chain)" }.sorted()
    }
    let byPolicy = try await found()
    _ = try await TestNetwork.shell("ip netns exec wfire iptables -A FORWARD -j REJECT; ip netns exec wfire iptables -A FORWARD -i warren0 -j ACCEPT")
    let byRule = try await found()
    _ = try await TestNetwork.shell("ip netns exec wfire iptables -I FORWARD -i warren0 -j ACCEPT")
    let allowed = try await found()
    _ = try await TestNetwork.shell("ip netns delete wfire; rm \(file)")
    let others = ["inet filter forward", "inet firewalld filter_FORWARD", "inet late forward"]
    #expect(byPolicy == others, "iptables' policy is dealt with when Warren starts")
    #expect(byRule == others + ["ip filter FORWARD"])
    #expect(allowed == others)
  }
}
