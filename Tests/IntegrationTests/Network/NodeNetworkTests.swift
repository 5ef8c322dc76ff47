import ClusterModel
import Foundation
import Logging
import Subprocess
import Testing

@testable import HostNetwork

/// Needs root, iproute2, nftables and the CNI plugins. Each test has a bridge and a subnet of its own and removes them.
@Suite struct NodeNetworkTests {
  private static func shell(_ command: String) async throws -> String {
    try await Tool.run("sh", ["-c", command]).text.trimmed
  }

  /// Runs the body with a network that is removed afterwards, whatever happens; nothing may be left of it then.
  private func withNetwork(_ number: Int, _ body: (NodeNetwork) async throws -> Void) async throws {
    let bridge = "wtest\(number)"
    let state = "/tmp/warren-network-test-\(number)-\(getpid())"
    defer { try? FileManager.default.removeItem(atPath: state) }
    let network = NodeNetwork(
      configuration: NetworkConfiguration(bridge: bridge, subnet: try IPv4Subnet("10.254.\(number).0/24"), stateDirectory: state),
      logger: Logger(label: "test"))
    try await network.restore(published: [:])
    let outcome = await Result { try await body(network) }
    try await network.remove()
    #expect(network.list().isEmpty)
    #expect(
      try await Self.shell("ip -o link show | grep -c \(bridge) ; nft list tables | grep -c \(bridge) ; ls /run/netns | grep -c \(bridge)")
        == "0\n0\n0")
    try outcome.get()
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

  @Test func tasksShareAPortAndTheClientsAddressIsKept() async throws {
    try await withNetwork(2) { network in
      try await withServers(network, ["a", "b"]) {
        // A client on another machine: a namespace with a link to this one.
        _ = try await Self.shell(
          "ip netns add wtest2c; ip link add wtest2v type veth peer name eth0 netns wtest2c; ip addr add 198.51.100.1/24 dev wtest2v; ip link set wtest2v up;"
            + " ip -n wtest2c addr add 198.51.100.2/24 dev eth0; ip -n wtest2c link set eth0 up; ip -n wtest2c link set lo up")
        let remote = try await Self.shell(
          "for i in 1 2 3 4; do ip netns exec wtest2c python3 -c 'import socket; s = socket.create_connection((\"198.51.100.1\", 18082), 3); print(s.recv(100).decode())'; done | sort | uniq -c | tr -s ' '"
        )
        _ = try await Self.shell("ip netns delete wtest2c; ip link delete wtest2v")
        #expect(remote == "2 a 198.51.100.2\n 2 b 198.51.100.2")
        let local = try await Self.shell(
          "python3 -c 'import socket; print(socket.create_connection((\"127.0.0.1\", 18082), 3).recv(100).decode()[0])'")
        #expect(["a", "b"].contains(local))

        try await network.withdraw("a")
        let after = try await Self.shell(
          "for i in 1 2 3; do python3 -c 'import socket; print(socket.create_connection((\"127.0.0.1\", 18082), 3).recv(1).decode())'; done | sort -u"
        )
        #expect(after == "b")
      }
    }
  }

  /// Small servers, one in each namespace, that answer with their name and the client's address.
  private func withServers(_ network: NodeNetwork, _ ids: [String], _ body: () async throws -> Void) async throws {
    try await withThrowingTaskGroup(of: Void.self) { group in
      for id in ids {
        let attachment = try await network.attach(id)
        let name = "\(network.configuration.bridge)-\(id)"
        group.addTask {
          _ = try? await Tool.run(
            "ip",
            [
              "netns", "exec", name, "python3", "-c",
              "import socket\ns = socket.create_server(('', 80))\nwhile True:\n  c, a = s.accept(); c.sendall(('\(id) ' + a[0]).encode()); c.close()",
            ])
        }
        _ = try await Self.shell("for i in $(seq 100); do ip netns exec \(name) ss -ltn | grep -q :80 && break; sleep 0.05; done")
        try await network.publish(id, address: attachment.address, ports: [PublishedPort(hostPort: 18082, containerPort: 80)])
      }
      let outcome = await Result { try await body() }
      group.cancelAll()
      try outcome.get()
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
  }
}

extension Result where Failure == any Error {
  fileprivate init(_ body: () async throws -> Success) async {
    do { self = .success(try await body()) } catch { self = .failure(error) }
  }
}
