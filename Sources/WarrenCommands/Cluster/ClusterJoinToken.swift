import ArgumentParser
import ClusterModel
import SwiftProtobuf
import WarrenAPI

struct ClusterJoinToken: AsyncParsableCommand {
  enum Role: String, Choice {
    case worker, manager

    var wire: Warren_V1_Role { self == .worker ? .worker : .manager }
    /// How a machine joins with the token.
    func command(_ address: String, _ token: String) -> String {
      self == .worker ? "warren worker start --manager \(address) --token \(token)" : "warren manager join --leader \(address) --token \(token)"
    }
  }

  static let configuration = CommandConfiguration(
    commandName: "join-token", abstract: "Make a token with which machines join as workers or managers.",
    discussion: example(
      "warren cluster join-token worker", "warren cluster join-token manager --ttl 1h", "warren cluster join-token worker --rotate",
      note: "A token lets in any number of machines until it expires. With --rotate all earlier ones of the role stop to count."))

  @Argument(help: "What the machines are to be: worker or manager.") var role: Role
  @Flag(help: "Make all earlier tokens of this role invalid.") var rotate = false
  @Option(
    parsing: .unconditional, help: ArgumentHelp("How long the token lets machines in (default: 24h).", valueName: "duration"),
    transform: DurationText.parse)
  var ttl: Duration?
  @OptionGroup var options: GlobalOptions
  @OptionGroup var format: OutputOptions

  func run() async throws {
    let request = Warren_V1_GenerateJoinTokenRequest.with {
      $0.role = role.wire
      $0.rotate = rotate
      if let ttl { $0.ttl = ttl.wire }
    }
    let (answer, address) = try await options.withClient { client in
      let answer = try await client.call { try await $0.generateJoinToken(request, options: options.callOptions) }
      return (answer, answer.managerAddress)
    }
    if format.quiet, format.output == .table { return Terminal.line(answer.token) }
    Terminal.write(
      try Output.render(answer, text: Self.text(answer.token, role, life: ttl ?? .seconds(86_400), address: address), format: format.output))
  }

  /// Scripts of the Go original read these lines: they stay as they are.
  static func text(_ token: String, _ role: Role, life: Duration, address: String) -> String {
    """
    Join token for \(role.rawValue):

        \(token)

    This token expires in \(words(life)).

    To join a \(role.rawValue) to the cluster, run:
        \(role.command(address, token))

    """
  }

  /// `24 hours`, `90 minutes`, `1 hour`.
  static func words(_ life: Duration) -> String {
    let seconds = life.components.seconds
    let (count, unit) =
      seconds.isMultiple(of: 3600) ? (seconds / 3600, "hour") : seconds.isMultiple(of: 60) ? (seconds / 60, "minute") : (seconds, "second")
    return "\(count) \(unit)\(count == 1 ? "" : "s")"
  }
}
