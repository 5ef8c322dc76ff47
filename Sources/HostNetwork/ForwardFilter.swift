import Foundation

/// A chain of somebody else's nftables rules that drops the packets of containers: what one table accepts, another may still drop.
package struct ForwardFilter: Sendable, Hashable {
  /// With the family: `inet firewalld`.
  package var table: String
  package var chain: String

  package init(table: String, chain: String) {
    self.table = table
    self.chain = chain
  }

  /// Those that are there now; nil when nftables does not tell.
  package static func find(for network: NetworkConfiguration) async -> [ForwardFilter]? {
    guard let output = try? await Tool.run("nft", ["-j", "list", "ruleset"]), output.succeeded else { return nil }
    return parse(output.text, bridge: network.bridge, own: network.table)
  }

  /// Chains in the way of forwarded packets that drop or reject what they do not know, in tables that do not know the bridge.
  ///
  /// iptables' chain with a policy to drop is not among them: `ForwardPolicy` opens it.
  /// Format: libnftables-json(5).
  static func parse(_ json: String, bridge: String, own: String) -> [ForwardFilter] {
    let objects = ((try? JSONSerialization.jsonObject(with: Data(json.utf8))) as? [String: Any])?["nftables"] as? [[String: Any]] ?? []
    let rules = objects.compactMap { $0["rule"] as? [String: Any] }
    let chains = objects.compactMap { $0["chain"] as? [String: Any] }.filter { $0["hook"] as? String == "forward" }
    return chains.compactMap { chain in
      guard let family = chain["family"] as? String, ["ip", "inet"].contains(family), let table = chain["table"] as? String, table != own,
        table != Forwarding.table, let name = chain["name"] as? String
      else { return nil }
      let neighbours = rules.filter { $0["family"] as? String == family && $0["table"] as? String == table }
      let passed = neighbours.filter { $0["chain"] as? String == name }.prefix { !dropsAll($0) }
      let ends = neighbours.contains { $0["chain"] as? String == name && dropsAll($0) }
      let dropsByPolicy = chain["policy"] as? String == "drop" && !(family == "ip" && table == "filter" && name == "FORWARD")
      guard dropsByPolicy || ends else { return nil }
      // A rule behind the one that ends the chain is too late.
      guard !(passed + neighbours.filter { $0["chain"] as? String != name }).contains(where: { mentions($0["expr"] as Any, bridge) }) else {
        return nil
      }
      return ForwardFilter(table: "\(family) \(table)", chain: name)
    }
  }

  /// Whether a rule ends the way of every packet that gets to it.
  private static func dropsAll(_ rule: [String: Any]) -> Bool {
    let statements = (rule["expr"] as? [[String: Any]] ?? []).filter { $0["counter"] == nil && $0["log"] == nil }
    guard statements.count == 1, let verdict = statements.first else { return false }
    return verdict.keys.contains("drop") || verdict.keys.contains("reject") || (verdict["xt"] as? [String: Any])?["name"] as? String == "REJECT"
  }

  private static func mentions(_ value: Any, _ name: String) -> Bool {
    switch value {
    case let text as String: text == name
    case let list as [Any]: list.contains { mentions($0, name) }
    case let object as [String: Any]: object.values.contains { mentions($0, name) }
    default: false
    }
  }
}
