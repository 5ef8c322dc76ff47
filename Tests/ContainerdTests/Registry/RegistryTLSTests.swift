import ClusterModel
import Containerd
import Foundation
import NIOHTTP1
import NIOSSL
import OCI
import Testing

/// Registries and the servers they send us to, with certificates of an authority that only certs.d names.
@Suite struct RegistryTLSTests {
  private static let blob = Descriptor(mediaType: MediaType.ociLayer, digest: Digest(of: [1, 2, 3]), size: 3)

  /// Resolves the image from a server with this certificate.
  private static func resolve(_ tls: NIOSSLContext, _ hosts: String, needsToken: String? = nil) async throws {
    try await FakeRegistry.with(tls: tls, { _, _ in RegistryClientTests.served }) { server in
      let address = "localhost:\(server.port)"
      try await RegistryClientTests.temporary(["\(address)/hosts.toml": "server = \"https://\(address)\"\n\(hosts)"]) { directory in
        var configuration = RegistryConfiguration(hostDirectories: [directory])
        configuration.retry.attempts = 1
        try await RegistryClient.withClient(for: address, configuration) { client in
          _ = try await client.resolve(try ImageReference("\(address)/team/app:1"))
        }
      }
    }
  }

  private static func refusal(_ body: () async throws -> Void) async -> String {
    do { try await body() } catch let error as WarrenError { return error.message } catch { return "\(error)" }
    return "no error"
  }

  @Test func anAuthorityOfCertsDIsTrustedAndNoOther() async throws {
    try await TestAuthority.with { authority in
      try authority.issue("server")
      let tls = try authority.server("server")
      try await Self.resolve(tls, "ca = \"\(authority.certificate)\"")
      try await Self.resolve(tls, "skip_verify = true")
      let unknown = await Self.refusal { try await Self.resolve(tls, "") }
      #expect(unknown.contains("cannot make a TLS connection to the registry localhost:") && unknown.contains("hosts.toml"), "\(unknown)")
      try await TestAuthority.with { other in
        let wrong = await Self.refusal { try await Self.resolve(tls, "ca = \"\(other.certificate)\"") }
        #expect(wrong.contains("cannot make a TLS connection to the registry localhost:") && wrong.contains("add its CA"), "\(wrong)")
      }
      let missing = await Self.refusal { try await Self.resolve(tls, "ca = \"/nowhere/ca.pem\"") }
      #expect(missing.contains("/nowhere/ca.pem"), "\(missing)")
    }
  }

  @Test func aCertificateThatHasExpiredIsSaidToHave() async throws {
    try await TestAuthority.with { authority in
      try authority.issue("server", days: -1)
      let tls = try authority.server("server")
      let expired = await Self.refusal { try await Self.resolve(tls, "ca = \"\(authority.certificate)\"") }
      #expect(expired.contains("the certificate of the registry localhost:") && expired.contains(" expired at 2"), "\(expired)")
    }
  }

  @Test func tokensMayComeFromAServerWithAnAuthorityOfItsOwn() async throws {
    try await TestAuthority.with { authority in
      try authority.issue("server")
      try await FakeRegistry.with(tls: try authority.server("server"), { _, _ in .json(.ok, #"{"token":"t"}"#) }) { tokens in
        let realm = "localhost:\(tokens.port)"
        try await FakeRegistry.with({ request, _ in
          request.authorization == "Bearer t"
            ? RegistryClientTests.served : .json(.unauthorized, "{}", ["WWW-Authenticate": "Bearer realm=\"https://\(realm)/token\""])
        }) { server in
          let hosts = "server = \"https://\(realm)\"\nca = \"\(authority.certificate)\"\n"
          try await RegistryClientTests.temporary(["\(realm)/hosts.toml": hosts]) { directory in
            try await RegistryClientTests.client(for: server, { $0.hostDirectories = [directory] }) { client, reference, _ in
              _ = try await client.resolve(reference)
            }
          }
          #expect(tokens.requests.count == 1)
          let refused = await Self.refusal {
            try await RegistryClientTests.client(for: server) { client, reference, _ in _ = try await client.resolve(reference) }
          }
          #expect(refused.contains("cannot make a TLS connection to the registry \(realm)"), "\(refused)")
        }
      }
    }
  }

  /// A client certificate is as good as a password.
  @Test func aClientCertificateIsShownToItsRegistryOnly() async throws {
    try await TestAuthority.with { authority in
      for name in ["server", "client"] { try authority.issue(name) }
      let picky = try authority.server("server", asksClients: true)
      try await FakeRegistry.with(tls: picky, { _, _ in .init(body: [1, 2, 3]) }) { storage in
        try await FakeRegistry.with(
          tls: picky,
          { request, _ in
            request.path.contains("/manifests/")
              ? RegistryClientTests.served
              : .init(status: .temporaryRedirect, headers: ["Location": "https://localhost:\(storage.port)/data"])
          }
        ) { server in
          let address = "localhost:\(server.port)"
          let hosts = """
            server = "https://\(address)"
            ca = "\(authority.certificate)"
            client = [["\(authority.directory)/client.pem", "\(authority.directory)/client.key"]]
            """
          let other = hosts.replacing(address, with: "localhost:\(storage.port)")
          func download(_ files: [String: String]) async throws {
            try await RegistryClientTests.temporary(files) { directory in
              var configuration = RegistryConfiguration(hostDirectories: [directory])
              configuration.retry.attempts = 1
              try await RegistryClient.withClient(for: address, configuration) { client in
                let reference = try ImageReference("\(address)/team/app:1")
                _ = try await client.resolve(reference)
                try await client.download(Self.blob, of: reference, into: MemorySink())
              }
            }
          }
          _ = await Self.refusal { try await download(["\(address)/hosts.toml": hosts]) }
          #expect(server.requests.count == 2, "the registry itself knows the client")
          #expect(storage.requests.isEmpty)
          // Unless the other server is configured so, too.
          try await download(["\(address)/hosts.toml": hosts, "localhost:\(storage.port)/hosts.toml": other])
          #expect(storage.requests.count == 1)
        }
      }
    }
  }
}
