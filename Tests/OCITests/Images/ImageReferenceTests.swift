import OCI
import Testing

@Suite struct ImageReferenceTests {
  static let digest = "sha256:" + String(repeating: "a1", count: 32)

  @Test(arguments: [
    ("nginx", "docker.io/library/nginx:latest", "nginx:latest"),
    ("nginx:1.25", "docker.io/library/nginx:1.25", "nginx:1.25"),
    ("user/app", "docker.io/user/app:latest", "user/app:latest"),
    ("docker.io/nginx", "docker.io/library/nginx:latest", "nginx:latest"),
    ("index.docker.io/library/nginx", "docker.io/library/nginx:latest", "nginx:latest"),
    ("docker.io/library/a/b", "docker.io/library/a/b:latest", "library/a/b:latest"),
    ("localhost/app", "localhost/app:latest", "localhost/app:latest"),
    ("localhost:5000/app:v1", "localhost:5000/app:v1", "localhost:5000/app:v1"),
    ("127.0.0.1:5000/a/b", "127.0.0.1:5000/a/b:latest", "127.0.0.1:5000/a/b:latest"),
    ("[::1]:5000/app", "[::1]:5000/app:latest", "[::1]:5000/app:latest"),
    ("[2001:db8::1]/app", "[2001:db8::1]/app:latest", "[2001:db8::1]/app:latest"),
    ("ghcr.io/Team/app".lowercased(), "ghcr.io/team/app:latest", "ghcr.io/team/app:latest"),
    ("REGISTRY/app", "REGISTRY/app:latest", "REGISTRY/app:latest"),
    ("a__b/c-d.e---f", "docker.io/a__b/c-d.e---f:latest", "a__b/c-d.e---f:latest"),
    ("nginx@\(digest)", "docker.io/library/nginx@\(digest)", "nginx@\(digest)"),
    ("nginx:1@\(digest)", "docker.io/library/nginx:1@\(digest)", "nginx:1@\(digest)"),
    ("nginx:_x.Y-9", "docker.io/library/nginx:_x.Y-9", "nginx:_x.Y-9"),
  ])
  func normalises(text: String, full: String, familiar: String) throws {
    let reference = try ImageReference(text)
    #expect(reference.description == full)
    #expect(reference.familiar == familiar)
    #expect(try ImageReference(full) == reference)
  }

  @Test(arguments: [
    ("", "empty"),
    ("Nginx", "lower case"),
    ("user/App", "lower case"),
    ("nginx:", "empty tag"),
    ("nginx:-x", "invalid tag"),
    ("nginx:a b", "space"),
    ("nginx:" + String(repeating: "t", count: 129), "tag longer than 128"),
    ("a..b", "invalid part"),
    ("a___b", "invalid part"),
    ("-a", "invalid part"),
    ("a-", "invalid part"),
    ("a//b", "empty part"),
    ("/a", "empty part"),
    ("a/", "empty part"),
    ("localhost/", "no image name"),
    ("https://docker.io/nginx", "URL scheme"),
    ("host:0/app", "invalid port"),
    ("host:65536/app", "invalid port"),
    ("host:x/app", "invalid port"),
    ("ho_st.example/app", "invalid registry host"),
    ("-host.example/app", "invalid registry host"),
    ("[::1/app", "invalid IPv6"),
    ("[::g]/app", "invalid IPv6"),
    ("nginx@sha256:abc", "64 hexadecimal digits"),
    ("nginx@md5:abc", "unsupported digest algorithm"),
    ("nginx@", "invalid digest"),
    (String(repeating: "a", count: 256), "longer than 255"),
    (String(repeating: "a", count: 2000), "longer than 1024"),
    (String(repeating: "a", count: 64), "image ID"),
    ("bücher", "outside ASCII"),
  ])
  func refuses(text: String, reason: String) {
    let error = #expect(throws: OCIError.self) { try ImageReference(text) }
    #expect(error?.message.contains(reason) == true, "\(error?.message ?? "accepted")")
  }

  @Test func asksTheRegistryForTheDigestFirst() throws {
    #expect(try ImageReference("nginx:1").identifier == "1")
    #expect(try ImageReference("nginx:1@\(Self.digest)").identifier == Self.digest)
    #expect(try ImageReference("nginx:1").pinned(to: Digest(Self.digest)).description == "docker.io/library/nginx:1@\(Self.digest)")
  }
}
