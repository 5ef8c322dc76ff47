package import ClusterModel
import Crypto

/// Who a certificate speaks for.
///
/// As text it is a SPIFFE ID, `spiffe://CLUSTER/ROLE/NODE`: https://github.com/spiffe/spiffe/blob/main/standards/SPIFFE-ID.md
package struct NodeIdentity: Hashable, Sendable, CustomStringConvertible {
  package enum Role: String, Sendable, CaseIterable {
    /// A person, or a person's tool. Not a node: `node` is the name of the context.
    case admin
    /// Runs the cluster; runs containers too if it wants to.
    case manager
    case worker
  }

  package let cluster: ClusterID
  package let node: NodeID
  package let role: Role

  static let longestName = 63

  /// - Throws: `invalidArgument` for names that no certificate can carry.
  package init(cluster: ClusterID, node: NodeID, role: Role) throws(WarrenError) {
    guard Self.isName(cluster.rawValue) else { throw WarrenError(.invalidArgument, "\(cluster.rawValue.quoted) is not a cluster's id") }
    guard Self.isName(node.rawValue) else {
      throw WarrenError(
        .invalidArgument,
        "\(node.rawValue.quoted) cannot be a node's name; use 1 to \(Self.longestName) letters, digits, '-', '_' and '.', with a letter or digit first"
      )
    }
    self.cluster = cluster
    self.node = node
    self.role = role
  }

  /// Nil when the text is not one.
  package init?(uri: String) {
    guard uri.utf8.count <= 256, uri.hasPrefix("spiffe://") else { return nil }
    let parts = uri.dropFirst("spiffe://".count).split(separator: "/", omittingEmptySubsequences: false).map(String.init)
    guard parts.count == 3, let role = Role(rawValue: parts[1]),
      let identity = try? NodeIdentity(cluster: ClusterID(parts[0]), node: NodeID(parts[2]), role: role)
    else { return nil }
    self = identity
  }

  package var uri: String { "spiffe://\(cluster)/\(role.rawValue)/\(node)" }

  /// The names under which TLS clients that check one find the node, or any of its role (`role.warren`), wherever it is.
  package var serverNames: [String] { [Self.serverName(of: node), Self.serverName(of: role)] }

  /// `node.node.warren`; for a node whose name is no lower-case DNS name, the beginning of its hash: `hash.hash.warren`. So no two nodes
  /// have the same.
  package static func serverName(of node: NodeID) -> String {
    let isPlain = node.rawValue == node.rawValue.lowercased()
    let labels = node.rawValue.split(separator: ".", omittingEmptySubsequences: false)
    if isPlain, labels.allSatisfy({ String($0).whyNotDNSLabel == nil }) { return "\(node).node.warren" }
    return "\(Hexadecimal.text(SHA256.hash(data: Array(node.rawValue.utf8)).prefix(16))).hash.warren"
  }

  package static func serverName(of role: Role) -> String { "\(role.rawValue).warren" }

  package var description: String { "\(role.rawValue) \(node)" }

  private static func isName(_ text: String) -> Bool {
    guard let first = text.utf8.first, text.utf8.count <= longestName else { return false }
    func isAlphanumeric(_ byte: UInt8) -> Bool {
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"): true
      default: false
      }
    }
    return isAlphanumeric(first)
      && text.utf8.allSatisfy { isAlphanumeric($0) || [UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: ".")].contains($0) }
  }
}
