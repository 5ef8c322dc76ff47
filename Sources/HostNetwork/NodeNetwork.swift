package import ClusterModel
import Foundation
package import Logging

/// The network of a node's tasks: a namespace and an address on the bridge for each, and the ports they publish.
///
/// It keeps no state of its own: what exists is read back from the kernel and from host-local's folder, so a crash at any step leaves
/// nothing that `sweep` does not find.
package actor NodeNetwork {
  package struct Attachment: Sendable, Equatable {
    package var namespacePath: String
    /// IPv4, without a prefix length.
    package var address: String
  }

  package nonisolated let configuration: NetworkConfiguration
  private let plugins: CNIPlugins
  private let rules: PortRules
  private let forwarding = Forwarding()
  private var forwardingRules = ""
  let logger: Logger
  /// What the nftables table has in it now.
  private var published: [String: PublishedTask] = [:]
  private var ruleChanges: Task<Void, any Error>?

  package init(configuration: NetworkConfiguration, logger: Logger) {
    self.configuration = configuration
    self.logger = logger
    plugins = CNIPlugins(network: configuration)
    rules = PortRules(table: configuration.table, bridge: configuration.bridge, subnet: configuration.subnet.description)
  }

  /// Path of a task's network namespace, whether it exists or not.
  package nonisolated func namespacePath(_ id: String) -> String { "\(NetworkNamespace.folder)/\(namespaceName(id))" }

  // The bridge's name keeps the namespaces of two daemons on one machine apart.
  nonisolated func namespaceName(_ id: String) -> String { "\(configuration.bridge)-\(id)" }

  /// Makes the namespace, with its loopback up. What an earlier, interrupted attempt left is removed first.
  package nonisolated func makeNamespace(_ id: String) async throws -> String {
    if FileManager.default.fileExists(atPath: namespacePath(id)) { try await detach(id) }
    try await NetworkNamespace.make(namespaceName(id))
    logger.trace("network.namespace-made", metadata: ["id": "\(id)"])
    return namespacePath(id)
  }

  /// Connects the namespace made before to the bridge. Returns its address.
  package nonisolated func connect(_ id: String) async throws -> String {
    let address = try await plugins.add(id: id, namespace: namespacePath(id))
    logger.trace("network.connected", metadata: ["id": "\(id)", "address": "\(address)"])
    return address
  }

  /// Both steps at once.
  package nonisolated func attach(_ id: String) async throws -> Attachment {
    let path = try await makeNamespace(id)
    return Attachment(namespacePath: path, address: try await connect(id))
  }

  /// Removes everything `attach` and `publish` made. Fine when part or all of it is gone.
  package nonisolated func detach(_ id: String) async throws {
    try await withdraw(id)
    if let address = addresses[id] { await UDPFlows.forget(to: address) }
    let path = namespacePath(id)
    guard FileManager.default.fileExists(atPath: path) else { return try await plugins.delete(id: id, namespace: "") }
    // A crash between making the file and mounting the namespace on it leaves a plain file.
    guard Self.device(path) != Self.device(NetworkNamespace.folder) else {
      try await plugins.delete(id: id, namespace: "")
      return try FileManager.default.removeItem(atPath: path)
    }
    try await plugins.delete(id: id, namespace: path)
    try NetworkNamespace.remove(namespaceName(id))
  }

  private static func device(_ path: String) -> Int? {
    (try? FileManager.default.attributesOfItem(atPath: path))?[.systemNumber] as? Int
  }

  /// Leads the ports to the task unless another has one of them. Returns whether it did.
  package func publishFirst(_ id: String, address: String, ports: [PublishedPort]) async throws -> Bool {
    let taken = published.values.flatMap(\.ports)
    guard !ports.contains(where: { port in taken.contains { $0.conflicts(with: port) } }) else { return false }
    try await publish(id, address: address, ports: ports)
    return true
  }

  /// Leads the ports to the task. Tasks that publish the same port take new connections in turn.
  package func publish(_ id: String, address: String, ports: [PublishedPort]) async throws {
    guard !ports.isEmpty else { return }
    let known = Set(published.values.flatMap(\.ports).filter { $0.transport == .udp }.map(\.hostPort))
    published[id] = PublishedTask(address: address, ports: ports)
    try await applyRules()
    logger.trace("network.published", metadata: ["id": "\(id)"])
    for port in ports where port.transport == .udp && !known.contains(port.hostPort) { await UDPFlows.forget(onPort: port.hostPort) }
  }

  /// Takes the task out of its published ports; connections it has stay. False when it was in none.
  @discardableResult
  package func withdraw(_ id: String) async throws -> Bool {
    guard published.removeValue(forKey: id) != nil else { return false }
    try await applyRules()
    return true
  }

  /// Whether a namespace or an address of it exists.
  package nonisolated func isAttached(_ id: String) -> Bool {
    FileManager.default.fileExists(atPath: namespacePath(id)) || addresses[id] != nil
  }

  /// Ids of everything that is attached: namespaces and addresses.
  package nonisolated func list() -> Set<String> { namespaces().union(addresses.keys) }

  nonisolated func namespaces() -> Set<String> {
    let prefix = "\(configuration.bridge)-"
    let names = (try? FileManager.default.contentsOfDirectory(atPath: NetworkNamespace.folder)) ?? []
    return Set(names.filter { $0.hasPrefix(prefix) }.map { String($0.dropFirst(prefix.count)) })
  }

  /// Addresses by id, as host-local wrote them: a file per address whose first line is the id.
  package nonisolated var addresses: [String: String] {
    let folder = "\(configuration.stateDirectory)/\(configuration.bridge)"
    var result: [String: String] = [:]
    for name in (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? [] where IPv4Subnet.address(name) != nil {
      guard let data = FileManager.default.contents(atPath: "\(folder)/\(name)") else { continue }
      let id = String(decoding: data.prefix { $0 != 0x0d && $0 != 0x0a }, as: UTF8.self)
      result[id] = name
    }
    return result
  }

  /// Brings the node to a known state after a start: these tasks are published (only those with ports need to be named), and nothing
  /// else is; forwarding works.
  package func restore(published tasks: [String: PublishedTask]) async throws {
    published = tasks.filter { !$0.value.ports.isEmpty }
    try await assert()
  }

  /// Removes what of `found` is not in `keeping`, and writes the rules anew: others may have emptied or changed them.
  package func sweep(_ found: Inventory, keeping: Set<String>) async throws {
    for id in found.ids.subtracting(keeping).sorted() {
      do {
        try await detach(id)
        logger.info("network.removed-orphan", metadata: ["id": "\(id)"])
      } catch {
        logger.warning("network.orphan-stays", metadata: ["id": "\(id)", "error": "\(error)"])
      }
    }
    do { try await removeStrayLinks(of: found) } catch { logger.warning("network.links-unknown", metadata: ["error": "\(error)"]) }
    published = published.filter { keeping.contains($0.key) }
    try await assert()
  }

  private func assert() async throws {
    do { try HostRoutes.check(configuration) } catch { logger.warning("network.subnet-clash", metadata: ["error": "\(error)"]) }
    forwardingRules = try forwarding.rules()
    try await applyRules()
    try forwarding.turnOn()
    try await ForwardPolicy(bridge: configuration.bridge).allow()
  }

  /// Removes whatever is attached, the node's rules and its bridge: for taking Warren off a machine, and for changing its network.
  package func remove() async throws {
    published = [:]
    for id in list() { try await detach(id) }
    try await removeStrayLinks(of: inventory())
    try await Tool.check("nft", ["-f", "-"], input: rules.removal)
    try await ForwardPolicy(bridge: configuration.bridge).forbid()
    _ = try await Tool.run("ip", ["link", "delete", configuration.bridge])
  }

  /// A task's `/etc/resolv.conf`.
  package nonisolated func resolver(for id: String) -> String {
    let text = HostFiles.resolver(chosen: configuration.nameServers)
    if !ResolverConfiguration.hasNameServer(text) { logger.warning("network.no-name-server", metadata: ["id": "\(id)", "fix": "--dns"]) }
    return text
  }

  /// One nft process at a time, each with the newest state; callers wait for the change they asked for.
  private func applyRules() async throws {
    let previous = ruleChanges
    let change = Task {
      _ = try? await previous?.value
      try await self.writeRules()
    }
    ruleChanges = change
    try await change.value
  }

  private func writeRules() async throws {
    let script = rules.script(publishing: published.sorted { $0.key < $1.key }.map(\.value)) + forwardingRules
    try await Tool.check("nft", ["-f", "-"], input: script)
    // Answers from a container to the node's loopback are routed only with this; see the guard chain in PortRules.
    if !published.isEmpty { try? Self.writeSetting("net/ipv4/conf/\(configuration.bridge)/route_localnet", "1") }
  }

  private static func writeSetting(_ name: String, _ value: String) throws {
    let path = "/proc/sys/\(name)"
    if FileManager.default.contents(atPath: path)?.first == value.utf8.first { return }
    guard let file = FileHandle(forWritingAtPath: path) else { throw WarrenError(.failedPrecondition, "Cannot set \(path) to \(value); run as root") }
    defer { try? file.close() }
    try file.write(contentsOf: Data(value.utf8))
  }
}
