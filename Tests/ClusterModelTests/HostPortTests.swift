import ClusterModel
import Testing

@Suite struct HostPortTests {
  @Test(arguments: [
    ("10.0.0.1:7946", HostPort(host: "10.0.0.1", port: 7946)), ("m1.example:1", HostPort(host: "m1.example", port: 1)),
    ("[fd00::1]:80", HostPort(host: "fd00::1", port: 80)),
  ]) func isRead(_ text: String, _ address: HostPort) {
    #expect(HostPort(text) == address)
    #expect(address.description == text)
  }

  @Test(arguments: ["", "host", "host:0", "host:65536", ":80", "fd00::1:80", "[host]:80", "[]:80", "a b:80", "http://a:80"])
  func anythingElseIsNone(_ text: String) { #expect(HostPort(text) == nil) }

  @Test func aListenerNeedsNoHost() {
    #expect(HostPort(":80", allowsNoHost: true) == HostPort(host: "", port: 80))
    #expect(HostPort(":", allowsNoHost: true) == nil)
  }
}
