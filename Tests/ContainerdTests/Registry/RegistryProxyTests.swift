import ClusterModel
import Containerd
import Foundation
import NIOHTTP1
import OCI
import Testing

/// Pulls through a proxy. The registry's name is known to the proxy alone.
@Suite struct RegistryProxyTests {
  private static func resolve(_ name: String, _ hosts: String, _ environment: [String: String]) async throws {
    try await RegistryClientTests.temporary(["\(name)/hosts.toml": hosts]) { directory in
      var configuration = RegistryConfiguration(hostDirectories: [directory])
      configuration.proxies = ProxySettings { environment[$0] }
      configuration.retry.attempts = 1
      try await RegistryClient.withClient(for: name, configuration) { client in
        _ = try await client.resolve(try ImageReference("\(name)/team/app:1"))
      }
    }
  }

  @Test func aRegistryIsReachedThroughAProxyWithALogin() async throws {
    try await FakeRegistry.with({ _, _ in RegistryClientTests.served }) { server in
      try await FakeProxy.with(to: server.port) { proxy in
        try await Self.resolve(
          "registry.invalid", "server = \"http://registry.invalid\"", ["http_proxy": "http://bob:se%3Acret@127.0.0.1:\(proxy.port)"])
        #expect(proxy.requests.count == 1 && proxy.requests[0].hasPrefix("CONNECT registry.invalid:80 HTTP/1.1\r\n"), "\(proxy.requests)")
        #expect(proxy.requests[0].lowercased().contains("proxy-authorization: basic " + Data("bob:se:cret".utf8).base64EncodedString().lowercased()))
        #expect(server.requests.count == 1)
        #expect(server.requests[0].headers.first(name: "Proxy-Authorization") == nil, "that is for the proxy alone")
      }
    }
  }

  @Test func tlsGoesThroughAProxyToTheRegistryItself() async throws {
    try await TestAuthority.with { authority in
      try authority.issue("server")
      try await FakeRegistry.with(tls: try authority.server("server"), { _, _ in RegistryClientTests.served }) { server in
        try await FakeProxy.with(to: server.port) { proxy in
          // The certificate is for localhost, which no proxy is asked for.
          let environment = ["HTTPS_PROXY": "127.0.0.1:\(proxy.port)"]
          try await Self.resolve("registry.invalid:5000", "server = \"https://registry.invalid:5000\"\nskip_verify = true", environment)
          #expect(proxy.requests[0].hasPrefix("CONNECT registry.invalid:5000 HTTP/1.1\r\n"), "\(proxy.requests)")
          await #expect(throws: WarrenError.self) {
            try await Self.resolve(
              "registry.invalid:5000", "server = \"https://registry.invalid:5000\"\nca = \"\(authority.certificate)\"", environment)
          }
          #expect(server.requests.count == 1)
        }
      }
    }
  }

  @Test func noProxyIsHeeded() async throws {
    try await FakeRegistry.with({ _, _ in RegistryClientTests.served }) { server in
      try await FakeProxy.with(to: server.port) { proxy in
        let error = await #expect(throws: WarrenError.self) {
          try await Self.resolve(
            "registry.invalid", "server = \"http://registry.invalid\"", ["HTTP_PROXY": "127.0.0.1:\(proxy.port)", "NO_PROXY": ".invalid"])
        }
        #expect(error?.message.contains("cannot reach the registry registry.invalid:") == true, "\(error?.message ?? "")")
        #expect(proxy.requests.isEmpty)
      }
    }
  }

  @Test(arguments: [
    ("HTTP/1.1 407 Proxy Authentication Required", "wants a login"),
    ("HTTP/1.1 403 Forbidden", "does not let this machine reach the registry registry.invalid"),
  ])
  func aProxyThatRefusesIsNamed(answer: String, words: String) async throws {
    try await FakeProxy.with(to: 1, answer: answer) { proxy in
      let error = await #expect(throws: WarrenError.self) {
        try await Self.resolve("registry.invalid", "server = \"http://registry.invalid\"", ["HTTP_PROXY": "127.0.0.1:\(proxy.port)"])
      }
      #expect(error?.message.contains("the proxy 127.0.0.1:\(proxy.port) \(words)") == true, "\(error?.message ?? "")")
    }
  }
}
