import AsyncHTTPClient
import ClusterModel
import NIOConcurrencyHelpers
import NIOCore

/// The connections of one pull: direct ones, and those through each proxy that is needed.
final class RegistryConnections: Sendable {
  private let proxies: ProxySettings
  private let clients = NIOLockedValueBox<[ProxySettings.Proxy?: HTTPClient]>([:])

  init(proxies: ProxySettings) { self.proxies = proxies }

  func proxy(for url: String) throws(WarrenError) -> ProxySettings.Proxy? { try proxies.proxy(for: url) }

  func client(through proxy: ProxySettings.Proxy?) -> HTTPClient {
    clients.withLockedValue { clients in
      if let client = clients[proxy] { return client }
      let client = Self.makeClient(proxy)
      clients[proxy] = client
      return client
    }
  }

  func shutdown() async {
    let all = clients.withLockedValue { Array($0.values) }
    for client in all { try? await client.shutdown() }
  }

  private static func makeClient(_ proxy: ProxySettings.Proxy?) -> HTTPClient {
    var configuration = HTTPClient.Configuration(redirectConfiguration: .disallow)
    configuration.timeout = .init(connect: .seconds(10), read: .seconds(60))
    configuration.connectionPool.retryConnectionEstablishment = false
    configuration.decompression = .disabled
    configuration.proxy = proxy.map { proxy in
      .server(
        host: proxy.host, port: proxy.port,
        authorization: proxy.user.map { .basic(username: $0, password: proxy.password ?? "") })
    }
    return HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
  }
}
