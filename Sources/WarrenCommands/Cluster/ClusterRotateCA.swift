import ArgumentParser
import ClusterModel
import SwiftProtobuf
import WarrenAPI

struct ClusterRotateCA: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "rotate-ca", abstract: "Replace the cluster's certificate authority.",
    discussion: example(
      "warren cluster rotate-ca", "warren cluster rotate-ca --detach",
      note:
        "Every node gets a certificate of the new authority; until all have one, both count. Contexts and tokens from before stop to count at the end. Run again, it waits for the one that is under way."
    ))

  @Flag(help: "Return at once; the rotation goes on by itself.") var detach = false
  @OptionGroup var options: GlobalOptions

  func run() async throws {
    try await options.withClient { client in
      var state = try await ask(client, begin: false)
      if !state.underWay {
        state = try await ask(client, begin: true)
        Terminal.line("✓ New authority: \(state.pin)")
      }
      if detach { return }
      let deadline = ContinuousClock.now + options.convergenceTimeout
      var shown: [String] = []
      while state.underWay {
        if state.waitingFor != shown, !state.waitingFor.isEmpty {
          Terminal.line("  Waiting for \(state.waitingFor.joined(separator: ", "))")
          shown = state.waitingFor
        }
        guard ContinuousClock.now < deadline else {
          throw WarrenError(
            .deadlineExceeded,
            "nodes have no certificate of the new authority yet: \(state.waitingFor.joined(separator: ", ")); start them, or remove them; the rotation goes on"
          )
        }
        // Nothing tells when nodes renew but asking again.
        try await Task.sleep(for: .seconds(1))
        do { state = try await ask(client, begin: false) } catch let error as WarrenError where error.code == .unauthenticated {
          // It was signed by the old one.
          Terminal.line("✓ The old authority counts no more, nor does the context that this was done with; export another on a manager")
          return
        }
      }
      Terminal.line("✓ Every node has a certificate of the new authority; the old one counts no more")
    }
  }

  private func ask(_ client: WarrenClient, begin: Bool) async throws -> Warren_V1_RotateAuthorityResponse {
    try await client.call { try await $0.rotateAuthority(.with { $0.begin = begin }, options: options.callOptions) }
  }
}
