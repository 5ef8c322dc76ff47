import OCI
import Testing

@Suite struct PlatformTests {
  private static func entry(_ platform: Platform?, _ digit: Character, type: String = MediaType.ociManifest) throws -> Descriptor {
    Descriptor(mediaType: type, digest: try Digest(hex: String(repeating: digit, count: 64)), size: 1, platform: platform)
  }

  @Test(arguments: [
    (Platform(os: "linux", architecture: "amd64"), Platform(os: "linux", architecture: "x86_64"), true),
    (Platform(os: "linux", architecture: "amd64"), Platform(os: "linux", architecture: "amd64", variant: "v1"), true),
    (Platform(os: "linux", architecture: "amd64"), Platform(os: "linux", architecture: "amd64", variant: "v3"), false),
    (Platform(os: "linux", architecture: "amd64", variant: "v3"), Platform(os: "linux", architecture: "amd64", variant: "v2"), true),
    (Platform(os: "linux", architecture: "amd64"), Platform(os: "linux", architecture: "386"), true),
    (Platform(os: "linux", architecture: "amd64"), Platform(os: "windows", architecture: "amd64"), false),
    (Platform(os: "linux", architecture: "arm64", variant: "v8"), Platform(os: "linux", architecture: "arm64"), true),
    (Platform(os: "linux", architecture: "arm64"), Platform(os: "linux", architecture: "aarch64", variant: "8"), true),
    (Platform(os: "linux", architecture: "arm64"), Platform(os: "linux", architecture: "arm", variant: "v7"), true),
    (Platform(os: "linux", architecture: "arm", variant: "v7"), Platform(os: "linux", architecture: "arm"), true),
    (Platform(os: "linux", architecture: "arm", variant: "v7"), Platform(os: "linux", architecture: "arm", variant: "v6"), true),
    (Platform(os: "linux", architecture: "arm", variant: "v6"), Platform(os: "linux", architecture: "arm", variant: "v7"), false),
    (Platform(os: "linux", architecture: "arm", variant: "v7"), Platform(os: "linux", architecture: "arm64"), false),
    (Platform(os: "linux", architecture: "riscv64"), Platform(os: "linux", architecture: "riscv64"), true),
  ])
  func runs(host: Platform, image: Platform, expected: Bool) {
    #expect((host.rank(of: image) != nil) == expected)
  }

  @Test func choosesTheBestVariant() throws {
    let index = Index(manifests: [
      try Self.entry(Platform(os: "linux", architecture: "arm", variant: "v6"), "1"),
      try Self.entry(Platform(os: "linux", architecture: "arm", variant: "v7"), "2"),
      try Self.entry(Platform(os: "linux", architecture: "arm64", variant: "v8"), "3"),
      try Self.entry(Platform(os: "unknown", architecture: "unknown"), "4"),
    ])
    #expect(try index.manifest(for: Platform(os: "linux", architecture: "arm64")).digest.hex.first == "3")
    #expect(try index.manifest(for: Platform(os: "linux", architecture: "arm", variant: "v7")).digest.hex.first == "2")
    #expect(try index.manifest(for: Platform(os: "linux", architecture: "arm", variant: "v6")).digest.hex.first == "1")
    let error = #expect(throws: OCIError.self) { try index.manifest(for: Platform(os: "linux", architecture: "amd64")) }
    #expect(error?.message == "the image has no variant for linux/amd64; available: linux/arm/v6, linux/arm/v7, linux/arm64/v8")
  }

  @Test func takesAnEntryWithoutPlatformOnlyWhenNoOtherFits() throws {
    let host = Platform(os: "linux", architecture: "amd64")
    let index = Index(manifests: [try Self.entry(nil, "1"), try Self.entry(host, "2")])
    #expect(try index.manifest(for: host).digest.hex.first == "2")
    #expect(try index.manifest(for: Platform(os: "linux", architecture: "arm64")).digest.hex.first == "1")
    #expect(throws: OCIError.self) { try Index(manifests: [Self.entry(host, "3", type: "application/x")]).manifest(for: host) }
  }
}
