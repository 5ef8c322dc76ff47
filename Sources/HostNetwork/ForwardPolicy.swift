/// Lets the bridge's packets through on machines where something else (Docker does) set the policy of forwarded packets to drop.
/// An accept in a table of our own cannot undo a drop in another, so these two rules go where the policy is.
struct ForwardPolicy: Sendable {
  let bridge: String

  private var rules: [[String]] {
    [["-i", bridge, "-j", "ACCEPT"], ["-o", bridge, "-j", "ACCEPT"]].map { $0 + ["-m", "comment", "--comment", "warren \(bridge)"] }
  }

  func allow() async throws {
    // Without iptables nothing can have set that policy.
    guard let current = try? await Tool.run("iptables", ["-w", "-S", "FORWARD"]), current.succeeded, current.text.hasPrefix("-P FORWARD DROP")
    else { return }
    for rule in rules where !(try await Tool.run("iptables", ["-w", "-C", "FORWARD"] + rule).succeeded) {
      try await Tool.check("iptables", ["-w", "-I", "FORWARD"] + rule)
    }
  }

  func forbid() async throws {
    guard let current = try? await Tool.run("iptables", ["-w", "-S", "FORWARD"]), current.succeeded, current.text.contains("warren \(bridge)")
    else { return }
    for rule in rules { _ = try await Tool.run("iptables", ["-w", "-D", "FORWARD"] + rule) }
  }
}
