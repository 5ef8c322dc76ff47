import ClusterModel
import Testing

@testable import Containerd

@Suite struct HostsFileTests {
  @Test func readsMirrorsInOrderAndTheServerLast() throws {
    let text = """
      # mirrors
      server = "https://registry.example.com"
      ca = "root.pem"

      [host."https://mirror-b.local:5000"]
        capabilities = ["pull", "resolve"]   # trailing comment
        ca = ["/etc/a.pem", 'b.pem']
        skip_verify = true
        client = [["c.cert", "c.key"], ["both.pem"]]
        [host."https://mirror-b.local:5000".header]
          x-token = "a\\tb"
          x-list = ["1", "2"]
      [host."http://mirror-a.local/cache/"]
        capabilities = [
          "pull",
        ]
      [host."https://odd.local/weird/path"]
        override_path = true
      """
    let endpoints = try HostsFile.endpoints(text, path: "/certs/x/hosts.toml", registry: "registry.example.com")
    #expect(endpoints.map(\.authority) == ["mirror-b.local:5000", "mirror-a.local", "odd.local", "registry.example.com"])
    #expect(endpoints.map(\.scheme) == [.https, .http, .https, .https])
    #expect(endpoints.map(\.path) == ["/v2", "/cache/v2", "/weird/path", "/v2"])
    #expect(endpoints.map(\.mirrorOf) == ["registry.example.com", "registry.example.com", "registry.example.com", nil])
    #expect(endpoints[1].capabilities == [.pull])
    #expect(endpoints[0].tls.authorities == ["/etc/a.pem", "/certs/x/b.pem"] && endpoints[0].tls.skipsVerification)
    #expect(endpoints[0].tls.clients.map(\.key) == ["/certs/x/c.key", "/certs/x/both.pem"])
    #expect(endpoints[0].headers.map { "\($0.name)=\($0.value)" } == ["x-token=a\tb", "x-list=1", "x-list=2"])
    #expect(endpoints[3].tls.authorities == ["/certs/x/root.pem"])
  }

  @Test(arguments: [
    ("server = 5", "server is not a string"),
    ("\n\n[host.\"a\"\n", ":3: \"]\" was expected"),
    ("[[host]]", "arrays of tables"),
    ("a = {b = 1}", "inline tables"),
    ("a = \"x", "not closed"),
    ("a = 1\na = 2", "defined twice"),
    ("a = 1.5", "is not a string"),
    ("a = \"\"\"x\"\"\"", "several lines"),
    ("a 1", "\"=\" was expected"),
    ("[host.\"ftp://x\"]", "not an http or https URL"),
    ("[host.\"https://x\"]\ncapabilities = [\"fly\"]", "unknown capability"),
    ("[host.\"https://x\"]\nskip_verify = \"yes\"", "neither true nor false"),
  ])
  func refuses(text: String, reason: String) {
    let error = #expect(throws: WarrenError.self) { try HostsFile.endpoints(text, path: "/c/hosts.toml", registry: "r") }
    #expect(error?.message.contains(reason) == true && error?.message.hasPrefix("/c/hosts.toml") == true, "\(error?.message ?? "accepted")")
  }

  @Test(arguments: [
    ("docker.io", "https", "registry-1.docker.io"), ("ghcr.io", "https", "ghcr.io"), ("localhost:5000", "http", "localhost:5000"),
    ("127.0.0.1", "http", "127.0.0.1"), ("127.evil.example", "https", "127.evil.example"), ("[::1]:5000", "http", "[::1]:5000"),
    ("localhost:443", "https", "localhost:443"), ("192.168.1.2:5000", "https", "192.168.1.2:5000"),
  ])
  func choosesTheScheme(registry: String, scheme: String, authority: String) {
    let endpoint = RegistryEndpoint(registry: registry)
    #expect(endpoint.scheme.rawValue == scheme && endpoint.authority == authority)
  }

  @Test func findsTheDirectoryOfARegistry() async throws {
    let files = [
      "a/host_5000_/hosts.toml": "server = \"http://one\"", "a/_default/hosts.toml": "server = \"http://default\"", "b/plain.example/ca.crt": "",
    ]
    try await RegistryClientTests.temporary(files) { directory async throws in
      let configuration = RegistryConfiguration(hostDirectories: ["\(directory)/b", "\(directory)/a"])
      #expect(try configuration.endpoints(for: "host:5000").map(\.authority) == ["one"])
      #expect(try configuration.endpoints(for: "other.example").map(\.authority) == ["default"])
      #expect(try configuration.endpoints(for: "plain.example").map(\.tls.authorities) == [["\(directory)/b/plain.example/ca.crt"]])
    }
  }

  @Test func parsesChallenges() {
    let header = #"Bearer realm="https://auth.example/token?a=b",service="r,s", scope="a\"b", Basic realm=x"#
    #expect(
      AuthChallenge.parse(header) == [
        AuthChallenge(scheme: "bearer", parameters: ["realm": "https://auth.example/token?a=b", "service": "r,s", "scope": "a\"b"]),
        AuthChallenge(scheme: "basic", parameters: ["realm": "x"]),
      ])
    #expect(AuthChallenge.parse("").isEmpty && AuthChallenge.parse("=,\"").isEmpty)
  }

  @Test func boundsRetries() {
    let policy = RetryPolicy()
    #expect(policy.delay(afterFailures: 1, retryAfter: nil, random: 0) == .milliseconds(250))
    #expect(policy.delay(afterFailures: 3, retryAfter: nil, random: 0.5) == .milliseconds(1500))
    #expect(policy.delay(afterFailures: 2, retryAfter: .seconds(3), random: 0) == .seconds(3))
    #expect(policy.delay(afterFailures: 1, retryAfter: .seconds(3600), random: 0) == nil)
    #expect(policy.delay(afterFailures: policy.attempts, retryAfter: nil, random: 0) == nil)
  }

  @Test(arguments: [
    ("https://b.example/x", "https://b.example/x"), ("/x?y", "https://a.example:8443/x?y"), ("//c.example/x", "https://c.example/x"),
    ("x", "https://a.example:8443/v2/x"),
  ])
  func resolvesRedirects(location: String, expected: String) {
    #expect(RegistryTransport.resolve(location, against: "https://a.example:8443/v2/blob?ns=q/r") == expected)
    #expect(RegistryTransport.resolve("ftp://x", against: "https://a/v2/b") == nil)
    #expect(RegistryTransport.origin(of: "HTTPS://A.example:443/x") == "https://a.example")
  }
}
