/// Lets containers' packets through on machines where something else (Docker, ufw) set the policy of forwarded packets to drop.
/// An accept in a table of our own cannot undo a drop in another, so these rules go where the policy is: behind every rule that is there,
/// so that what an administrator wrote counts first, and no wider than the node's own table is: out of the containers everything, into
/// them only answers and what was led to a published port.
struct ForwardPolicy: Sendable {
  let bridge: String

  var rules: [[String]] {
    let matches = [["-i", bridge], ["-o", bridge, "-m", "conntrack", "--ctstate", "RELATED,ESTABLISHED,DNAT"]]
    return matches.map { $0 + ["-m", "comment", "--comment", "warren \(bridge)", "-j", "ACCEPT"] }
  }

  func allow() async throws {
    // Without iptables nothing can have set that policy.
    guard let current = try? await Tool.run("iptables", ["-w", "-S", "FORWARD"]), current.succeeded, current.text.hasPrefix("-P FORWARD DROP")
    else { return }
    for rule in rules where !(try await Tool.run("iptables", ["-w", "-C", "FORWARD"] + rule).succeeded) {
      try await Tool.check("iptables", ["-w", "-A", "FORWARD"] + rule)
    }
  }

  func forbid() async throws {
    guard let current = try? await Tool.run("iptables", ["-w", "-S", "FORWARD"]), current.succeeded, current.text.contains("warren \(bridge)")
    else { return }
    for rule in rules { _ = try await Tool.run("iptables", ["-w", "-D", "FORWARD"] + rule) }
  }
}
