import ClusterModel
import Foundation
import Logging
import Subprocess
import Testing

@testable import HostNetwork

/// A node's network on a bridge and a subnet of a test's own, with small servers in the place of containers.
struct TestNetwork: Sendable {
  let number: Int
  let node: NodeNetwork
  var bridge: String { "wtest\(number)" }

  static func shell(_ command: String) async throws -> String { try await Tool.run("sh", ["-c", command]).text.trimmed }

  static func configuration(_ number: Int, subnet: String? = nil) throws -> NetworkConfiguration {
    NetworkConfiguration(
      bridge: "wtest\(number)", subnet: try IPv4Subnet(subnet ?? "10.254.\(number).0/24"),
      stateDirectory: "/tmp/warren-network-test-\(number)-\(getpid())")
  }

  /// Runs the body with a network that is removed afterwards, whatever happens; nothing may be left of it then.
  static func with(_ number: Int, _ body: (TestNetwork) async throws -> Void) async throws {
    let network = TestNetwork(
      number: number, node: NodeNetwork(configuration: try configuration(number), logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }))
    let bridge = network.bridge
    defer { try? FileManager.default.removeItem(atPath: network.node.configuration.stateDirectory) }
    try await network.node.restore(published: [:])
    let outcome: Result<Void, any Error>
    do { outcome = .success(try await body(network)) } catch { outcome = .failure(error) }
    try await network.node.remove()
    #expect(network.node.list().isEmpty)
    #expect(
      try await shell("ip -o link show | grep -c \(bridge) ; nft list tables | grep -c \(bridge) ; ls /run/netns | grep -c \(bridge)")
        == "0\n0\n0")
    try outcome.get()
  }

  /// Attaches each id and has a server there, on each of the ports, that answers with its id and the client's address.
  func serving(_ ids: [String], ports: [Int] = [80], _ body: ([String: String]) async throws -> Void) async throws {
    try await withThrowingTaskGroup(of: Void.self) { group in
      var addresses: [String: String] = [:]
      for id in ids {
        addresses[id] = try await node.attach(id).address
        try await Self.serve(id, in: "\(bridge)-\(id)", ports: ports, &group)
      }
      let outcome: Result<Void, any Error>
      do { outcome = .success(try await body(addresses)) } catch { outcome = .failure(error) }
      group.cancelAll()
      try outcome.get()
    }
  }

  /// - Parameter namespace: nil is the test's own.
  static func serve(
    _ name: String, in namespace: String?, address: String = "", ports: [Int], _ group: inout ThrowingTaskGroup<Void, any Error>
  ) async throws {
    let server = """
      import select, socket
      servers = [socket.create_server(('\(address)', port)) for port in \(ports)]
      while True:
        for server in select.select(servers, [], [])[0]:
          c, a = server.accept(); c.sendall(('\(name) ' + a[0]).encode()); c.close()
      """
    let inside = namespace.map { "ip netns exec \($0) " } ?? ""
    group.addTask { _ = try? await Tool.run("sh", ["-c", "exec \(inside)python3 -c \"$0\"", server]) }
    for port in ports { _ = try await shell("for i in $(seq 600); do \(inside)ss -ltn | grep -q :\(port) && break; sleep 0.05; done") }
  }

  /// What a server there answers to a client in the namespace (nil is the test's own); empty when the client gets no answer.
  static func ask(_ address: String, _ port: Int, from namespace: String? = nil, patience: Int = 20) async throws -> String {
    let inside = namespace.map { "ip netns exec \($0) " } ?? ""
    return try await shell(
      "\(inside)python3 -c 'import socket; print(socket.create_connection((\"\(address)\", \(port)), \(patience)).recv(100).decode())' 2>/dev/null")
  }
}
