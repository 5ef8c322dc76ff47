import HostNetwork

extension DoctorRules {
  static func forwarding(_ facts: DoctorFacts) -> DoctorCheck {
    if facts.forwards { return .ok("forwarding", "on") }
    guard facts.hasBridge else { return .ok("forwarding", "off; warren turns it on when it starts") }
    return .failure(
      "forwarding", "off: containers reach nothing beyond this machine, and are not reached from there",
      fix: "sysctl -w net.ipv4.ip_forward=1, and look in /etc/sysctl.d for what turned it off")
  }

  static func subnet(_ facts: DoctorFacts) -> DoctorCheck {
    if let problem = facts.subnetProblem {
      return .failure("container subnet", problem, fix: "choose another with --cni-subnet, for example 10.99.0.0/16")
    }
    if facts.sharesSubnetWithPodman {
      return .warning(
        "container subnet", "overlaps no route of this machine yet, but podman, which is installed, has the same by default",
        fix: "choose another with --cni-subnet, for example 10.99.0.0/16, if podman is used here")
    }
    return .ok("container subnet", "overlaps no route of this machine")
  }

  static func firewall(_ facts: DoctorFacts) -> DoctorCheck {
    guard let filters = facts.forwardFilters else {
      return .warning("firewall", "not looked at: nftables does not list its rules", fix: "run 'warren doctor' as root, with nft installed")
    }
    guard let filter = filters.first else { return .ok("firewall", "no rules of others drop containers' packets") }
    let places = filters.map { "chain \($0.chain) of table \($0.table)" }.joined(separator: ", ")
    return .warning("firewall", "drops packets from and to containers: \(places)", fix: remedy(filter, bridge: facts.bridge))
  }

  /// In the table that drops: what Warren's own accepts does not count there.
  private static func remedy(_ filter: ForwardFilter, bridge: String) -> String {
    if filter.table.hasSuffix(" firewalld") {
      return "firewall-cmd --permanent --zone=trusted --add-interface=\(bridge) && firewall-cmd --reload"
    }
    if filter.table == "ip filter", filter.chain == "FORWARD" {
      return "iptables -I FORWARD -i \(bridge) -j ACCEPT; iptables -I FORWARD -o \(bridge) -m conntrack --ctstate RELATED,ESTABLISHED,DNAT "
        + "-j ACCEPT; and keep them with your other rules"
    }
    let insert = "nft insert rule \(filter.table) \(filter.chain)"
    return "\(insert) iifname \(bridge) accept; \(insert) oifname \(bridge) ct state established,related accept; "
      + "\(insert) oifname \(bridge) ct status dnat accept; and the same in the file these rules come from"
  }

  static func names(_ facts: DoctorFacts) -> DoctorCheck {
    guard !facts.hasNameServer else { return .ok("name servers", "containers have one") }
    return .warning(
      "name servers", "all that this machine asks are on its loopback, or have IPv6 addresses: containers reach none",
      fix: "name one for containers with --dns")
  }
}
