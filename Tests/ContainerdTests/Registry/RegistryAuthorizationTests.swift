import ClusterModel
import Containerd
import Foundation
import NIOHTTP1
import OCI
import Testing

@Suite struct RegistryAuthorizationTests {
  private static let basic = "Basic " + Data("bob:se:cret".utf8).base64EncodedString()

  private static func config(_ address: String) -> String {
    #"{"auths":{"http://\#(address)/v1/":{"auth":"\#(Data("bob:se:cret".utf8).base64EncodedString())"}}}"#
  }

  /// Wants a token; gives one to anybody, or to bob only.
  @Sendable private static func tokenServer(_ request: FakeRegistry.Request, _ address: String, needsLogin: Bool) -> FakeRegistry.Response {
    if request.path == "/token" {
      if needsLogin, request.authorization != basic { return .json(.unauthorized, #"{"details":"incorrect username or password"}"#) }
      return .json(.ok, #"{"token":"t-\#(needsLogin ? "bob" : "anyone")"}"#)
    }
    guard request.authorization == (needsLogin ? "Bearer t-bob" : "Bearer t-anyone") else {
      let challenge = #"Bearer realm="http://\#(address)/token",service="fake, registry",scope="repository:team/app:pull""#
      return .json(.unauthorized, #"{"errors":[{"code":"UNAUTHORIZED","message":"authentication required"}]}"#, ["WWW-Authenticate": challenge])
    }
    return request.path.contains("/manifests/") ? RegistryClientTests.served : .init(body: [1, 2, 3])
  }

  @Test func getsAnAnonymousTokenOnceForAllRequests() async throws {
    try await FakeRegistry.with({ Self.tokenServer($0, $1, needsLogin: false) }) { server in
      try await RegistryClientTests.client(for: server) { client, reference, _ in
        _ = try await client.resolve(reference)
        let blob = Descriptor(mediaType: MediaType.ociLayer, digest: Digest(of: [1, 2, 3]), size: 3)
        try await client.download(blob, of: reference, into: MemorySink())
      }
      let tokens = server.requests.filter { $0.path == "/token" }
      #expect(tokens.map(\.uri) == ["/token?service=fake%2C%20registry&scope=repository%3Ateam%2Fapp%3Apull&client_id=warren"])
      #expect(server.requests.count == 4)
    }
  }

  @Test func exchangesCredentialsForAToken() async throws {
    try await FakeRegistry.with({ Self.tokenServer($0, $1, needsLogin: true) }) { server in
      try await RegistryClientTests.temporary(["config.json": Self.config(server.address)]) { directory in
        try await RegistryClientTests.client(for: server, { $0.dockerConfigPath = "\(directory)/config.json" }) { client, reference, _ in
          _ = try await client.resolve(reference)
        }
      }
      let error = await #expect(throws: WarrenError.self) {
        try await RegistryClientTests.client(for: server) { client, reference, _ in try await client.resolve(reference) }
      }
      #expect(error?.code == .unauthenticated && error?.message.contains("incorrect username or password") == true)
    }
  }

  @Test func exchangesAnIdentityToken() async throws {
    try await FakeRegistry.with({ request, address in
      if request.path == "/token" {
        return request.method == .POST && request.body.contains("grant_type=refresh_token&refresh_token=id%2F1")
          ? .json(.ok, #"{"access_token":"t-bob"}"#) : .json(.unauthorized, "{}")
      }
      return Self.tokenServer(request, address, needsLogin: true)
    }) { server in
      try await RegistryClientTests.temporary(["config.json": #"{"auths":{"\#(server.address)":{"identitytoken":"id/1"}}}"#]) { directory in
        try await RegistryClientTests.client(for: server, { $0.dockerConfigPath = "\(directory)/config.json" }) { client, reference, _ in
          _ = try await client.resolve(reference)
        }
      }
    }
  }

  @Test func usesBasicAuthentication() async throws {
    try await FakeRegistry.with({ request, _ in
      request.authorization == Self.basic
        ? RegistryClientTests.served : .json(.unauthorized, "{}", ["WWW-Authenticate": #"Basic realm="x""#])
    }) { server in
      try await RegistryClientTests.temporary(["config.json": Self.config(server.address)]) { directory in
        try await RegistryClientTests.client(for: server, { $0.dockerConfigPath = "\(directory)/config.json" }) { client, reference, _ in
          _ = try await client.resolve(reference)
        }
      }
      let error = await #expect(throws: WarrenError.self) {
        try await RegistryClientTests.client(for: server) { client, reference, _ in try await client.resolve(reference) }
      }
      #expect(error?.code == .unauthenticated)
    }
  }

  @Test func keepsCredentialsFromOtherHosts() async throws {
    try await FakeRegistry.with({ _, _ in .init(body: [1, 2, 3]) }) { storage in
      try await FakeRegistry.with({ request, address in
        guard request.authorization == Self.basic else { return .json(.unauthorized, "{}", ["WWW-Authenticate": #"Basic realm="x""#]) }
        return request.uri.hasSuffix("?moved")
          ? .init(status: .temporaryRedirect, headers: ["Location": "http://\(storage.address)/data"])
          : .init(status: .found, headers: ["Location": "\(request.path)?moved"])
      }) { server in
        try await RegistryClientTests.temporary(["config.json": Self.config(server.address)]) { directory in
          let sink = MemorySink()
          try await RegistryClientTests.client(for: server, { $0.dockerConfigPath = "\(directory)/config.json" }) { client, reference, _ in
            try await client.download(Descriptor(mediaType: MediaType.ociLayer, digest: Digest(of: [1, 2, 3]), size: 3), of: reference, into: sink)
          }
          #expect(sink.bytes == [1, 2, 3])
        }
        #expect(server.requests.count == 3)
        #expect(storage.requests.map(\.authorization) == [nil])
      }
    }
  }

  @Test func asksMirrorsFirstAndFallsBack() async throws {
    try await FakeRegistry.with({ _, _ in RegistryClientTests.served }) { server in
      try await FakeRegistry.with({ _, _ in .json(.notFound, "{}") }) { mirror in
        let hosts = """
          server = "http://\(server.address)"
          [host."http://\(mirror.address)"]
            capabilities = ["pull", "resolve"]
            [host."http://\(mirror.address)".header]
              x-key = "k"
          """
        try await RegistryClientTests.temporary(["\(server.address)/hosts.toml": hosts]) { directory in
          try await RegistryClientTests.client(for: server, { $0.hostDirectories = [directory] }) { client, reference, _ in
            _ = try await client.resolve(reference)
          }
        }
        #expect(mirror.requests.map(\.uri) == ["/v2/team/app/manifests/1?ns=\(server.address)"])
        #expect(mirror.requests[0].headers.first(name: "x-key") == "k")
        #expect(server.requests.map(\.uri) == ["/v2/team/app/manifests/1"])
      }
    }
  }

  /// What a mirror sent before its connection broke is in the sink already: another server must not send it again.
  @Test func goesOnAfterAMirrorBrokeInTheMiddle() async throws {
    let blob = (0..<300_000).map { UInt8(truncatingIfNeeded: $0 &* 31) }
    let descriptor = Descriptor(mediaType: MediaType.ociLayer, digest: Digest(of: blob), size: Int64(blob.count))
    let serve: @Sendable (FakeRegistry.Request, Int?) -> FakeRegistry.Response = { request, cut in
      let start = request.headers.first(name: "Range").flatMap { Int($0.dropFirst(6).dropLast()) }
      return .init(status: start == nil ? .ok : .partialContent, body: Array(blob[(start ?? 0)...]), cutAfter: start == nil ? cut : nil)
    }
    try await FakeRegistry.with({ request, _ in serve(request, nil) }) { server in
      try await FakeRegistry.with({ request, _ in serve(request, 100_000) }) { mirror in
        let hosts = "server = \"http://\(server.address)\"\n[host.\"http://\(mirror.address)\"]\n"
        try await RegistryClientTests.temporary(["\(server.address)/hosts.toml": hosts]) { directory in
          let sink = MemorySink()
          try await RegistryClientTests.client(for: server, { $0.hostDirectories = [directory] }) { client, reference, _ in
            try await client.download(descriptor, of: reference, into: sink)
          }
          #expect(sink.bytes.count == blob.count && Digest(of: sink.bytes) == descriptor.digest)
        }
      }
    }
  }
}
