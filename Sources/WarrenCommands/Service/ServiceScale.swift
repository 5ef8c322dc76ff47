import ArgumentParser
import ClusterModel
import WarrenAPI

struct ServiceScale: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "scale", abstract: "Change the number of replicas.",
    discussion: example("warren service scale web --replicas 5", "warren service scale web --replicas 0 --detach"))

  @Argument(help: "Name or id of the service.", completion: .serviceNames) var name: String
  @Option(name: .shortAndLong, parsing: .unconditional, help: "How many replicas to run.", transform: ReplicaCount.parse) var replicas: Int
  @OptionGroup var options: GlobalOptions
  @OptionGroup var waiting: WaitOptions
  @OptionGroup var format: OutputOptions

  func run() async throws {
    try await options.withClient { client in
      var request = Warren_V1_UpdateServiceRequest()
      request.id = name
      request.replicas = UInt32(replicas)
      request.requestID = RequestRecord.ID.random().rawValue
      let answer = try await client.call { try await $0.updateService(request, options: options.callOptions) }
      let service = answer.service
      if format.quiet, format.output == .table {
        Terminal.line(service.id)
      } else {
        let text = "✓ Service scaled: \(service.spec.name)\n  Replicas: \(answer.previousReplicas) → \(replicas)\n"
        Terminal.write(try Output.render(service, text: text, format: format.output))
      }
      guard !waiting.detach else { return }
      try await ConvergenceWait(client: client, serviceID: service.id, timeout: options.convergenceTimeout)
        .wait(for: ServiceProgress(name: service.spec.name, goal: .running(replicas: replicas)))
    }
  }
}
