/// A task's `/etc/resolv.conf`, made from the node's.
package enum ResolverConfiguration {
  /// Name servers on the node's loopback do not answer inside a task's network namespace, nor do those with an IPv6 address, since
  /// tasks have IPv4 addresses only; both are left out. When none is left, `upstream` (what systemd-resolved itself asks) is used. After
  /// that there is none: names that an administrator keeps on the machine are not sent to strangers.
  ///
  /// - Parameter chosen: for this node's tasks, by its administrator; when there are some, they are all that is asked.
  package static func text(host: String, upstream: String?, chosen: [String] = []) -> String {
    guard chosen.isEmpty else {
      return filtered(host, keepingServers: false) + chosen.map { "nameserver \($0)\n" }.joined()
    }
    let own = filtered(host)
    if hasNameServer(own) { return own }
    if let upstream, hasNameServer(filtered(upstream)) { return filtered(upstream) }
    return own
  }

  private static func filtered(_ text: String, keepingServers: Bool = true) -> String {
    text.split(separator: "\n").filter { line in
      let words = line.split(whereSeparator: \.isWhitespace)
      guard let first = words.first, !first.hasPrefix("#"), !first.hasPrefix(";") else { return false }
      guard first == "nameserver" else { return true }
      guard words.count > 1, keepingServers else { return false }
      return !words[1].hasPrefix("127.") && !words[1].contains(":")
    }.map { $0 + "\n" }.joined()
  }

  package static func hasNameServer(_ text: String) -> Bool { text.split(separator: "\n").contains { $0.hasPrefix("nameserver") } }
}
