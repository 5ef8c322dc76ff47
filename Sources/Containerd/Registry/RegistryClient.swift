import AsyncHTTPClient
import ClusterModel
import NIOCore
import NIOHTTP1
import OCI

/// Reads images of one registry, through its mirrors, for the duration of one pull.
///
/// https://github.com/opencontainers/distribution-spec/blob/main/spec.md
package struct RegistryClient: Sendable {
  /// How to wait before asking again.
  package typealias Pause = @Sendable (Duration) async throws -> Void

  let registry: String
  let endpoints: [RegistryEndpoint]
  let retry: RetryPolicy
  private let transport: RegistryTransport
  private let authorizer: RegistryAuthorizer
  private let pause: Pause

  private init(registry: String, configuration: RegistryConfiguration, connections: RegistryConnections, pause: @escaping Pause) throws {
    self.registry = registry
    endpoints = try configuration.endpoints(for: registry)
    retry = configuration.retry
    transport = RegistryTransport(connections: connections, configuration: configuration)
    authorizer = RegistryAuthorizer(
      transport: transport, credentials: DockerCredentials(path: configuration.dockerConfigPath, helperPath: configuration.helperPath))
    self.pause = pause
  }

  /// Opens connections as needed and closes them all when `body` is done: between pulls nothing is kept.
  package static func withClient<R: Sendable>(
    for registry: String, _ configuration: RegistryConfiguration, pause: @escaping Pause = { try await Task.sleep(for: $0) },
    _ body: (RegistryClient) async throws -> R
  ) async throws -> R {
    let connections = RegistryConnections(proxies: configuration.proxies)
    do {
      let result = try await body(RegistryClient(registry: registry, configuration: configuration, connections: connections, pause: pause))
      await connections.shutdown()
      return result
    } catch {
      await connections.shutdown()
      throw error
    }
  }

  /// Runs `attempt` until it works, fails for good, or has failed too often without progress.
  /// - Parameter progress: a number that grows while attempts get anywhere; growth starts the count of failures anew.
  func retrying<R: Sendable>(progress: @Sendable () -> Int64 = { 0 }, _ attempt: () async throws -> R) async throws -> R {
    var failures = 0
    var reached = progress()
    while true {
      do { return try await attempt() } catch let failure as RegistryFailure {
        try Task.checkCancellation()
        if progress() > reached { (failures, reached) = (0, progress()) }
        failures += 1
        guard failure.isTransient,
          let delay = retry.delay(afterFailures: failures, retryAfter: failure.retryAfter, random: .random(in: 0..<1))
        else { throw failure.error }
        try await pause(delay)
      }
    }
  }

  /// Asks each server that has `capability`, in order, until `body` succeeds with one's answer.
  func get<R: Sendable>(
    _ resource: String, of repository: String, subject: String, capability: RegistryEndpoint.Capability, headers: HTTPHeaders,
    _ body: (HTTPClientResponse, RegistryEndpoint) async throws -> R
  ) async throws -> R {
    let able = endpoints.filter { $0.capabilities.contains(capability) }
    var failure = RegistryFailure(
      error: WarrenError(
        .failedPrecondition, "no server is configured to \(capability.rawValue) images of \(registry): correct certs.d/\(registry)/hosts.toml."),
      isTransient: false)
    for endpoint in able {
      do {
        let response = try await authorized(endpoint, resource, repository: repository, headers: headers)
        guard (200...299).contains(response.status.code) else {
          let text = try? await response.body.collect(upTo: 1 << 16)
          throw RegistryFailure.answered(
            response.status, headers: response.headers, body: text.map { Array($0.readableBytesView) } ?? [], endpoint: endpoint.authority,
            subject: subject)
        }
        return try await body(response, endpoint)
      } catch let error as RegistryFailure {
        guard !error.isPartial else { throw error }
        failure = error
      }
    }
    throw failure
  }

  private func authorized(
    _ endpoint: RegistryEndpoint, _ resource: String, repository: String, headers: HTTPHeaders
  ) async throws -> HTTPClientResponse {
    let url = endpoint.url(repository: repository, resource)
    var authorization = await authorizer.authorization(for: endpoint, repository: repository)
    var asked = 0
    while true {
      var sensitive = HTTPHeaders(endpoint.headers.map { ($0.name, $0.value) })
      if let authorization { sensitive.replaceOrAdd(name: "Authorization", value: authorization) }
      let response = try await transport.get(url, endpoint: endpoint, sensitive: sensitive, headers: headers)
      guard response.status == .unauthorized, asked < 2 else { return response }
      asked += 1
      let challenges = response.headers["WWW-Authenticate"].flatMap(AuthChallenge.parse)
      guard
        let next = try await authorizer.answer(
          challenges, from: endpoint, registry: registry, repository: repository, rejected: authorization)
      else { return response }
      authorization = next
    }
  }
}
