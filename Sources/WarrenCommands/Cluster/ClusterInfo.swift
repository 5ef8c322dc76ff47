import ArgumentParser
import WarrenAPI

struct ClusterInfo: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "info", abstract: "Show the leader and the managers.", discussion: example("warren cluster info", "warren cluster info -o json"))

  @OptionGroup var options: GlobalOptions
  @OptionGroup var format: OutputOptions

  func run() async throws {
    let info = try await options.withClient { client in
      try await client.call { try await $0.getClusterInfo(.init(), options: options.callOptions) }
    }
    if format.quiet, format.output == .table { return Terminal.line(info.clusterID) }
    Terminal.write(try Output.render(info, text: Self.text(info), format: format.output))
  }

  /// Scripts of the Go original read these lines: they stay as they are.
  static func text(_ info: Warren_V1_GetClusterInfoResponse) -> String {
    var lines = [
      "Cluster Information:", "  Leader ID: \(info.leaderID)", "  Leader Address: \(info.leaderAddress)", "  Servers: \(info.servers.count)", "",
      "Raft Servers:",
    ]
    for server in info.servers {
      lines += ["  - ID: \(server.id)", "    Address: \(server.address)", "    Suffrage: \(server.suffrage == .learner ? "Nonvoter" : "Voter")"]
      if !server.healthy {
        let since = server.hasLastContact ? "not heard of for \(DurationText.format(Duration(wire: server.lastContact)))" : "never heard of"
        lines.append("    Status: \(since)")
      }
      if server.lag > 1000 { lines.append("    Behind: \(server.lag) entries") }
    }
    let voters = info.servers.count { $0.suffrage == .voter }
    if voters > 1, voters.isMultiple(of: 2) {
      lines += ["", "Note: \(voters) voters survive the loss of no more managers than \(voters - 1) do; add one, or remove one."]
    }
    return lines.map { $0 + "\n" }.joined()
  }
}
