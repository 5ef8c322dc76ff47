import ClusterModel
import Foundation
import Logging
import Testing

@testable import HostNetwork

/// Needs root, iproute2, nftables and the CNI plugins. Each test has a bridge and a subnet of its own and removes them.
@Suite struct NodeNetworkTests {
  private static func shell(_ command: String) async throws -> String { try await TestNetwork.shell(command) }

  private func withNetwork(_ number: Int, _ body: (NodeNetwork) async throws -> Void) async throws {
    try await TestNetwork.with(number) { try await body($0.node) }
  }

  @Test func aTaskIsReachedAndReachesItsLoopback() async throws {
    try await withNetwork(1) { network in
      let attachment = try await network.attach("a")
      #expect(attachment.address == "10.254.1.2")
      #expect(network.addresses == ["a": "10.254.1.2"])
      #expect(try await Self.shell("ping -c1 -W2 10.254.1.2 >/dev/null && echo yes") == "yes")
      #expect(try await Self.shell("ip netns exec wtest1-a ping -c1 -W2 127.0.0.1 >/dev/null && echo yes") == "yes")
      try await network.detach("a")
      #expect(network.list().isEmpty)
      try await network.detach("a")
    }
  }

  @Test func aNamespaceThatCannotBeMadeLeavesTheOneThatIsThere() async throws {
    try await withNetwork(6) { network in
      let path = try await network.makeNamespace("a")
      #expect(try await Self.shell("ip -n wtest6-a -o link show up | cut -d: -f2") == "lo")
      let error = await #expect(throws: WarrenError.self) { try await NetworkNamespace.make("wtest6-a") }
      #expect(error?.message.contains("wtest6-a: File exists") == true)
      #expect(try await Self.shell("stat -f -c %T \(path)") == "nsfs")
      try await network.detach("a")
    }
  }

  @Test func onlyTheFirstTaskOfAPortIsPublishedBeforeItRuns() async throws {
    try await withNetwork(7) { network in
      let port = { PublishedPort(hostIP: $0, hostPort: $1, containerPort: 80) }
      #expect(try await network.publishFirst("a", address: "10.254.7.2", ports: [port("", 18507)]))
      #expect(try await !network.publishFirst("b", address: "10.254.7.3", ports: [port("127.0.0.1", 18508), port("127.0.0.1", 18507)]))
      #expect(try await network.publishFirst("c", address: "10.254.7.4", ports: [port("127.0.0.1", 18508)]))
      let rules = try await Self.shell("nft list chain ip wtest7 publish")
      #expect(rules.contains("10.254.7.2 . 80") && !rules.contains("10.254.7.3") && rules.contains("10.254.7.4 . 80"), "\(rules)")
    }
  }

  @Test func tasksShareAPortAndTheClientsAddressIsKept() async throws {
    try await TestNetwork.with(2) { network in
      try await network.serving(["a", "b"]) { addresses in
        for (id, address) in addresses {
          try await network.node.publish(id, address: address, ports: [PublishedPort(hostPort: 18082, containerPort: 80)])
        }
        // A client on another machine: a namespace with a link to this one.
        _ = try await Self.shell(
          "ip netns add wtest2c; ip link add wtest2v type veth peer name eth0 netns wtest2c; ip addr add 198.51.100.1/24 dev wtest2v; ip link set wtest2v up;"
            + " ip -n wtest2c addr add 198.51.100.2/24 dev eth0; ip -n wtest2c link set eth0 up; ip -n wtest2c link set lo up")
        var answers: [String] = []
        for _ in 1...4 { answers.append(try await TestNetwork.ask("198.51.100.1", 18082, from: "wtest2c")) }
        _ = try await Self.shell("ip netns delete wtest2c; ip link delete wtest2v")
        #expect(answers.sorted() == ["a 198.51.100.2", "a 198.51.100.2", "b 198.51.100.2", "b 198.51.100.2"])
        #expect(["a", "b"].contains(try await TestNetwork.ask("127.0.0.1", 18082).prefix(1)))

        try await network.node.withdraw("a")
        for _ in 1...3 { #expect(try await TestNetwork.ask("127.0.0.1", 18082).hasPrefix("b")) }
      }
    }
  }

  /// A UDP client that keeps its port and never pauses is a flow the kernel would keep leading to the first container.
  @Test func aUDPClientFollowsTheTask() async throws {
    try await withNetwork(4) { network in
      let client = """
        import socket, sys
        s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.bind(('127.0.0.1', 18054)); s.settimeout(0.1)
        for i in range(100):
          s.sendto(b'?', ('127.0.0.1', 18053))
          try:
            answer = s.recv(100).decode()
          except OSError:
            continue
          if answer == sys.argv[1]: print(answer); break
        """
      for id in ["a", "b"] {
        try await withThrowingTaskGroup(of: Void.self) { group in
          let attachment = try await network.attach(id)
          group.addTask {
            _ = try? await Tool.run(
              "ip",
              [
                "netns", "exec", "wtest4-\(id)", "python3", "-c",
                "import socket\ns = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.bind(('', 53))\nwhile True: s.sendto(b'\(id)', s.recvfrom(9)[1])",
              ])
          }
          try await network.publish(
            id, address: attachment.address, ports: [PublishedPort(hostPort: 18053, containerPort: 53, transport: .udp)])
          #expect(try await Tool.run("python3", ["-c", client, id]).text.trimmed == id)
          group.cancelAll()
        }
        try await network.detach(id)
      }
    }
  }

  @Test func whatACrashLeftIsRemovedAndWhatRunsIsKept() async throws {
    try await withNetwork(3) { network in
      _ = try await network.attach("keep")
      _ = try await network.attach("whole")
      _ = try await network.makeNamespace("half")
      // The namespace went with a power cut, its address is still given out.
      _ = try await network.attach("lost")
      _ = try await Self.shell("ip netns delete wtest3-lost")
      // The file was made, the namespace not yet mounted on it.
      _ = FileManager.default.createFile(atPath: network.namespacePath("file"), contents: nil)
      #expect(network.list() == ["keep", "whole", "half", "lost", "file"])

      try await network.sweep(network.inventory(), keeping: ["keep"])
      #expect(network.list() == ["keep"])
      #expect(try await Self.shell("ip -o link show master wtest3 | wc -l") == "1")
    }
  }

  @Test func aPortThatAnotherProgramHasIsNamed() async throws {
    let server = try await withThrowingTaskGroup(of: String.self) { group in
      group.addTask {
        (try? await Tool.run("python3", ["-c", "import socket, time; s = socket.create_server(('127.0.0.1', 18099)); time.sleep(60)"]).text) ?? ""
      }
      _ = try await Self.shell("for i in $(seq 100); do ss -ltn | grep -q :18099 && break; sleep 0.05; done")
      defer { group.cancelAll() }
      do {
        try HostPorts.check([PublishedPort(hostPort: 18099, containerPort: 80)])
        return "free"
      } catch let error as WarrenError {
        return error.message
      }
    }
    #expect(server.contains("18099/tcp") && server.contains("python3 (pid "))
    // Nor does the look itself take it.
    for _ in 1...2 { try HostPorts.check([PublishedPort(hostPort: 18099, containerPort: 80)]) }
  }

  @Test func anAddressThatTheNodeDoesNotHaveIsNamedWithThoseItHas() throws {
    try HostPorts.check([PublishedPort(hostIP: "127.0.0.9", hostPort: 18098, containerPort: 80)])
    let error = try #require(throws: WarrenError.self) {
      try HostPorts.check([PublishedPort(hostIP: "203.0.113.77", hostPort: 18098, containerPort: 80)])
    }
    #expect(error.code == .failedPrecondition && error.message.contains("203.0.113.77") && error.message.contains("127.0.0.1"))
  }

  @Test func packetsAreAsLargeAsTheNodesLinkTakes() async throws {
    try await withNetwork(6) { network in
      _ = try await network.attach("a")
      let device = try await Self.shell("ip -o route show default | head -1 | sed 's/.* dev \\([^ ]*\\).*/\\1/'")
      let expected = device.isEmpty ? "1500" : try await Self.shell("cat /sys/class/net/\(device)/mtu")
      #expect(try await Self.shell("ip netns exec wtest6-a cat /sys/class/net/eth0/mtu") == expected)
    }
  }

  @Test func anotherSubnetIsTakenWhenNothingIsAttached() async throws {
    try await TestNetwork.with(7) { network in
      let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
      let (earlier, later) = (try TestNetwork.configuration(7), try TestNetwork.configuration(7, subnet: "10.254.107.0/24"))
      _ = try await network.node.attach("a")
      let refusal = try await #require(throws: WarrenError.self) { try await NodeNetwork.change(from: earlier, to: later, logger: logger) }
      #expect(
        refusal.code == .failedPrecondition && refusal.message.contains("1 container is") && refusal.message.contains("--cni-subnet 10.254.7.0/24"))
      #expect(network.node.list() == ["a"])
      try await network.node.detach("a")
      try await NodeNetwork.change(from: earlier, to: earlier, logger: logger)
      #expect(FileManager.default.fileExists(atPath: "/sys/class/net/wtest7"))
      try await NodeNetwork.change(from: earlier, to: later, logger: logger)
      #expect(!FileManager.default.fileExists(atPath: "/sys/class/net/wtest7"))

      let next = NodeNetwork(configuration: later, logger: logger)
      try await next.restore(published: [:])
      #expect(try await next.attach("b").address == "10.254.107.2")
      #expect(try await Self.shell("nft list table ip wtest7 | grep -c 10.254.107.0/24") != "0")
      try await next.detach("b")
    }
  }
}
