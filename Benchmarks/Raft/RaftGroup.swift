import ClusterModel
import Foundation
import TestKit

/// Three members in processes of their own, which this process may harm. For `partition`, each runs as a user of its own, so that a packet
/// filter can tell whose packets are whose; that needs root.
final class RaftGroup {
  let directory: String
  let clientPorts: [Int]
  private let peerPorts: [Int]
  private let binary: String
  private let hasUsers: Bool
  private var processes: [Process?] = [nil, nil, nil]
  private(set) var clients: [KeyValueClient]

  /// - Parameter ports: six that are free.
  init(binary: String, directory: String, ports: [Int], hasUsers: Bool) throws {
    self.binary = binary
    self.directory = directory
    self.hasUsers = hasUsers
    peerPorts = Array(ports[..<3])
    clientPorts = Array(ports[3..<6])
    clients = clientPorts.map { KeyValueClient(port: $0) }
  }

  private func user(of member: Int) -> Int { 60_001 + member }

  func directory(of member: Int) -> String { "\(directory)/\(member + 1)" }

  func start(_ member: Int) throws {
    let data = directory(of: member)
    try FileManager.default.createDirectory(atPath: data, withIntermediateDirectories: true)
    var command =
      [binary, "raft-member", "--id", "\(member + 1)", "--client-port", "\(clientPorts[member])", "--data-dir", data]
      + peerPorts.flatMap { ["--peer-ports", "\($0)"] }
    if hasUsers {
      try FileManager.default.setAttributes([.ownerAccountID: user(of: member)], ofItemAtPath: data)
      command = ["/usr/bin/setpriv", "--reuid", "\(user(of: member))", "--clear-groups"] + command
    }
    let process = Process()
    process.executableURL = URL(fileURLWithPath: command[0])
    process.arguments = Array(command[1...])
    try process.run()
    processes[member] = process
  }

  func signal(_ number: Int32, _ member: Int) {
    if let process = processes[member] { kill(process.processIdentifier, number) }
  }

  func wait(for member: Int) {
    processes[member]?.waitUntilExit()
    processes[member] = nil
  }

  /// Drops every packet from this member to the others and from them to it, and says nothing to anybody.
  func partition(_ member: Int) throws {
    let others = peerPorts.enumerated().filter { $0.offset != member }.map { "\($0.element)" }.joined(separator: ", ")
    try nft(
      """
      add table ip bench
      add chain ip bench output { type filter hook output priority 0; }
      add rule ip bench output meta skuid \(user(of: member)) tcp dport { \(others) } drop
      add rule ip bench output tcp dport \(peerPorts[member]) drop
      add rule ip bench output tcp sport \(peerPorts[member]) drop
      """)
  }

  func heal() throws { try nft("delete table ip bench") }

  private func nft(_ rules: String) throws {
    let process = Process()
    let input = Pipe()
    process.executableURL = URL(fileURLWithPath: "/usr/sbin/nft")
    process.arguments = ["-f", "-"]
    process.standardInput = input
    try process.run()
    input.fileHandleForWriting.write(Data(rules.utf8))
    try input.fileHandleForWriting.close()
    process.waitUntilExit()
    if process.terminationStatus != 0 { throw WarrenError(.failedPrecondition, "nft refused the rules of the partition. Run this as root.") }
  }

  /// The member that leads once all three can be written to, with time for the slowest to catch up.
  func leader() async throws -> Int {
    for client in clients {
      try await eventually("a member takes a write") { (try? await client.put(key: [0], value: [0], timeout: .seconds(2))) != nil }
    }
    var leader: Int?
    try await eventually("a member leads") {
      for (member, client) in clients.enumerated() where await client.leads(timeout: .seconds(1)) { leader = member }
      return leader != nil
    }
    return leader ?? 0
  }

  func stop() async {
    for member in 0..<3 {
      signal(SIGCONT, member)
      signal(SIGKILL, member)
      wait(for: member)
    }
    for client in clients { await client.close() }
  }
}
