import Foundation
import OCI
import Testing

@Suite struct ImageDocumentTests {
  private static let digest = "sha256:" + String(repeating: "0f", count: 32)

  @Test func readsADockerConfiguration() throws {
    let text = """
      {"architecture":"arm","variant":"v7","os":"linux","created":"2026-01-02T03:04:05Z",
       "config":{"Env":["PATH=/bin","A=b=c"],"Entrypoint":["/e"],"Cmd":null,"User":"web","WorkingDir":"/srv","StopSignal":"SIGQUIT",
        "ExposedPorts":{"80/tcp":{},"53/udp":{}},"Volumes":{"/data":{}},"Labels":{"x":"y"},"OnBuild":null,
        "Healthcheck":{"Test":["CMD-SHELL","true"],"Interval":1000000000,"Retries":3}},
       "rootfs":{"type":"layers","diff_ids":["\(Self.digest)"]},"history":[{"created_by":"x"}]}
      """
    let config = try JSONDecoder().decode(ImageConfig.self, from: Data(text.utf8))
    #expect(config.platform == Platform(os: "linux", architecture: "arm", variant: "v7"))
    #expect(config.env == ["PATH=/bin", "A=b=c"])
    #expect(config.entrypoint == ["/e"] && config.command.isEmpty && config.user == "web" && config.workingDirectory == "/srv")
    #expect(config.stopSignal == "SIGQUIT" && config.exposedPorts == ["53/udp", "80/tcp"] && config.volumes == ["/data"])
    #expect(config.labels == ["x": "y"] && config.diffIDs.map(\.description) == [Self.digest])
    #expect(config.healthcheck?.test == ["CMD-SHELL", "true"] && config.healthcheck?.interval == 1_000_000_000 && config.healthcheck?.retries == 3)
    let again = try JSONDecoder().decode(ImageConfig.self, from: JSONEncoder().encode(config))
    #expect(again == config)
  }

  @Test func readsTheSmallestConfiguration() throws {
    let config = try JSONDecoder().decode(ImageConfig.self, from: Data(#"{"architecture":"amd64","os":"linux","config":null}"#.utf8))
    #expect(config == ImageConfig(platform: Platform(os: "linux", architecture: "amd64")))
  }

  @Test(arguments: ["sha256:0F", "sha512:00", "0f", ""]) func refusesDigests(text: String) {
    #expect(throws: OCIError.self) { try Digest(text) }
    #expect(throws: DecodingError.self) { try JSONDecoder().decode([Digest].self, from: Data("[\"\(text)\"]".utf8)) }
  }

  @Test func checksManifests() throws {
    let digest = try Digest(Self.digest)
    let config = Descriptor(mediaType: MediaType.dockerConfig, digest: digest, size: 1)
    func manifest(layer: String, size: Int64 = 1, config: Descriptor = config) -> Manifest {
      Manifest(mediaType: nil, config: config, layers: [Descriptor(mediaType: layer, digest: digest, size: size)])
    }
    for type in [MediaType.ociLayer, MediaType.ociLayer + "+gzip", MediaType.ociLayer + "+zstd", MediaType.dockerLayer + ".gzip"] {
      try manifest(layer: type).validate()
    }
    #expect(throws: OCIError.self) { try manifest(layer: "application/vnd.wasm").validate() }
    #expect(throws: OCIError.self) { try manifest(layer: MediaType.ociLayer, size: -1).validate() }
    #expect(throws: OCIError.self) {
      try manifest(layer: MediaType.ociLayer, config: Descriptor(mediaType: "application/vnd.cncf.helm.config.v1+json", digest: digest, size: 1))
        .validate()
    }
  }
}
