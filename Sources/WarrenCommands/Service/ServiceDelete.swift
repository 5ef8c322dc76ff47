import ArgumentParser
import ClusterModel
import WarrenAPI

struct ServiceDelete: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "delete", abstract: "Stop and remove services.",
    discussion: example("warren service delete web", "warren service delete web db --detach"),
    aliases: ["rm"])

  @Argument(help: "Names or ids of services.", completion: .serviceNames) var names: [String]
  @OptionGroup var options: GlobalOptions
  @OptionGroup var waiting: WaitOptions
  @OptionGroup var format: OutputOptions

  func run() async throws {
    try await options.withClient { client in
      // A name that is wrong is found out before anything is deleted.
      var services: [Warren_V1_Service] = []
      for name in names { services.append(try await client.service(name, options.callOptions)) }
      for service in services { try await delete(service, client) }
    }
  }

  private func delete(_ service: Warren_V1_Service, _ client: WarrenClient) async throws {
    var request = Warren_V1_DeleteServiceRequest()
    request.id = service.id
    request.requestID = RequestRecord.ID.random().rawValue
    let answer = try await client.call { try await $0.deleteService(request, options: options.callOptions) }
    if !waiting.detach { try await waitUntilGone(service, client) }
    if format.quiet, format.output == .table { return Terminal.line(service.id) }
    Terminal.write(try Output.render(answer, text: "✓ Service deleted: \(service.spec.name)\n", format: format.output))
  }

  /// The tasks go first, the service's record with the last of them; only then is its name free again.
  private func waitUntilGone(_ service: Warren_V1_Service, _ client: WarrenClient) async throws {
    let deadline = ContinuousClock.now + options.convergenceTimeout
    try await ConvergenceWait(client: client, serviceID: service.id, timeout: options.convergenceTimeout)
      .wait(for: ServiceProgress(name: service.spec.name, goal: .gone))
    while ContinuousClock.now < deadline {
      do { _ = try await client.service(service.id, options.callOptions) } catch let error
        where ErrorKind(error) == .notFound
      { return }
      try await Task.sleep(for: .milliseconds(30))
    }
    throw WarrenError(.deadlineExceeded, "\(service.spec.name) was not gone in time; it goes on being deleted, see 'warren service list'")
  }
}
