import ClusterModel
import Containerd
import Testing

@Suite struct ProxySettingsTests {
  private static func host(_ url: String, _ variables: [String: String]) throws -> String? {
    try ProxySettings { variables[$0] }.proxy(for: url).map { "\($0.host):\($0.port)" }
  }

  @Test func eachSchemeHasItsOwnInEitherCase() throws {
    #expect(try Self.host("https://r.example/v2", ["HTTPS_PROXY": "http://p:3128"]) == "p:3128")
    #expect(try Self.host("http://r.example/v2", ["HTTPS_PROXY": "http://p:3128"]) == nil)
    #expect(try Self.host("http://r.example:5000/v2", ["http_proxy": "P.example:8080/"]) == "p.example:8080")
    #expect(try Self.host("https://r.example", ["HTTPS_PROXY": "a:1", "https_proxy": "b:2"]) == "a:1")
    #expect(try Self.host("https://r.example", ["HTTPS_PROXY": "", "https_proxy": "http://[fd00::1]:2"]) == "fd00::1:2")
    #expect(try Self.host("https://r.example", [:]) == nil)
  }

  @Test func loginsAreDecodedAndNotTold() throws {
    let settings = ProxySettings { ["HTTPS_PROXY": "http://bob:a%40b%3a@p:1"][$0] }
    let proxy = try #require(try settings.proxy(for: "https://r.example"))
    #expect(proxy.user == "bob" && proxy.password == "a@b:")
    for bad in ["https://bob:secret@p:1", "socks5://bob:secret@p", "http://bob:secret@p:x", "http://bob:secret@"] {
      let error = #expect(throws: WarrenError.self) { try Self.host("https://r.example", ["HTTPS_PROXY": bad]) }
      #expect(error?.message.contains("HTTPS_PROXY") == true && error?.message.contains("secret") == false)
    }
  }

  @Test(arguments: [
    ("r.example", "r.example"), ("r.example", "other, R.EXAMPLE"), ("a.r.example:5000", "r.example"), ("a.r.example", ".r.example"),
    ("a.r.example", "*.r.example"), ("r.example", "*"), ("r.example:5000", "r.example:5000"), ("r.example", "r.example:443"),
    ("10.1.2.3", "10.0.0.0/8"),
    ("10.1.2.3:5000", "10.1.2.3"), ("[fd00::1]:5000", "fd00::/8"), ("localhost:5000", ""), ("127.0.0.1:5000", ""), ("[::1]:5000", ""),
  ])
  func exceptionsAreAskedDirectly(authority: String, exceptions: String) throws {
    #expect(try Self.host("https://\(authority)/v2/", ["HTTPS_PROXY": "p:1", "no_proxy": exceptions]) == nil)
  }

  @Test(arguments: [
    ("r.example", ".r.example"), ("xr.example", "r.example"), ("r.example:5000", "r.example:443"), ("11.1.2.3", "10.0.0.0/8"),
    ("r.example", "10.0.0.0/8"),
    ("r.example", "example.r,,"), ("10.1.2.3", "10.0.0.0/99"),
  ])
  func othersAreNot(authority: String, exceptions: String) throws {
    #expect(try Self.host("https://\(authority)/v2/", ["HTTPS_PROXY": "p:1", "NO_PROXY": exceptions]) == "p:1")
  }
}
