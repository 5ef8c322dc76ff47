import ClusterModel
import Containerd
import Foundation
import OCI
import Subprocess
import TestKit
import Testing

/// On real containerd: see ImageStoreFixture for what it needs, and the programs gzip and zstd.
@Suite struct ImageLoadTests {
  enum Form: String, CaseIterable, CustomTestStringConvertible {
    case ociLayout, dockerSave, gzip, zstd
    var testDescription: String { rawValue }
  }

  private static func compressed(_ bytes: [UInt8], with program: String) async throws -> [UInt8] {
    try await run(.name(program), arguments: ["-c"], input: .array(bytes), output: .bytes(limit: 64 << 20)).standardOutput
  }

  @Test(arguments: Form.allCases) func loads(form: Form) async throws {
    let image = try ImageStoreFixture.image()
    let archive =
      switch form {
      case .ociLayout: image.ociArchive()
      case .dockerSave: image.dockerArchive()
      case .gzip: try await Self.compressed(image.ociArchive(), with: "gzip")
      case .zstd: try await Self.compressed(image.dockerArchive(), with: "zstd")
      }
    try await ImageStoreFixture.with { store, client async throws in
      let loaded = try await store.load(.pieces(of: archive))
      #expect(loaded.map(\.reference) == ["warren.test/hello:1"])
      #expect(loaded.first?.digest == "\(image.descriptor.digest)")
      let size = Int64(image.blobs.reduce(0) { $0 + $1.bytes.count })
      #expect(loaded.first?.sizeBytes == size)

      let prepared = try await store.ensure("warren.test/hello:1")
      #expect(prepared.config == image.config && prepared.chainID == "\(Digest.chainIDs(of: image.config.diffIDs)[1])")
      #expect(prepared.reference == "warren.test/hello:1" && prepared.digest == "\(image.descriptor.digest)")
      let pinned = try await store.ensure("warren.test/hello:1@\(image.descriptor.digest)")
      #expect(pinned.chainID == prepared.chainID)
      // Loading again changes nothing.
      #expect(try await store.load(.pieces(of: archive)) == loaded)
      #expect(try await client.leaseCount() == 0)
    }
  }

  @Test func looksAgainWhenANameMeansAnotherImage() async throws {
    let old = try ImageStoreFixture.image()
    let new = TestImage(name: old.name, layers: [old.layers[1], old.layers[0]], command: ["true"])
    try await ImageStoreFixture.with { store, _ async throws in
      for image in [old, new, old] {
        _ = try await store.load(.pieces(of: image.ociArchive()))
        for _ in 1...2 {
          let prepared = try await store.ensure(image.name)
          #expect(prepared.digest == "\(image.descriptor.digest)" && prepared.config == image.config)
          #expect(prepared.chainID == "\(Digest.chainIDs(of: image.config.diffIDs)[1])")
        }
      }
    }
  }

  @Test func loadsTwoImagesAndRepeatedLayers() async throws {
    let first = try ImageStoreFixture.image("warren.test/one:1")
    let layers = [first.layers[0], first.layers[1], first.layers[1]]
    let second = TestImage(name: "warren.test/two:1", layers: layers, command: ["true"])
    try await ImageStoreFixture.with { store, _ async throws in
      _ = try await store.load(.pieces(of: first.dockerArchive(), size: 1000))
      _ = try await store.load(.pieces(of: second.dockerArchive(), size: 333))
      #expect(try await store.list(inUse: ["warren.test/two:1"]).map(\.reference) == ["warren.test/one:1", "warren.test/two:1"])
      #expect(try await store.list(inUse: ["warren.test/two:1"]).map(\.inUse) == [false, true])
    }
  }

  @Test func leavesNothingOfABrokenArchive() async throws {
    let image = try ImageStoreFixture.image()
    let whole = image.ociArchive()
    var flipped = whole
    flipped[512 * 1500] ^= 1
    var missing = TestImage.json(Index(manifests: [image.descriptor]))
    missing = TarBall.single("index.json", missing)
    let wrongDiff = TestImage(name: image.name, layers: image.layers, command: []).with { $0.config.diffIDs.reverse() }
    let cases: [(String, [UInt8], String)] = [
      ("empty", [], "empty"),
      ("garbage", [UInt8](repeating: 0x41, count: 5000), "not a tar archive"),
      ("truncated", Array(whole.prefix(whole.count / 2)), "ends too early"),
      ("truncated gzip", Array(try await Self.compressed(whole, with: "gzip").dropLast(1000)), "unexpected end of file"),
      ("flipped bit", flipped, "does not have that digest"),
      ("no names", missing, "no names"),
      ("wrong diff id", wrongDiff.ociArchive(), "unpacks to"),
      ("no index", TarBall.single("readme", [1]), "neither index.json"),
      ("path", TarBall.single("../evil", [1]), "out of the archive"),
    ]
    try await ImageStoreFixture.with { store, client async throws in
      for (name, archive, reason) in cases {
        let error = await #expect(throws: WarrenError.self, "\(name)") { try await store.load(.pieces(of: archive)) }
        #expect(error?.message.contains(reason) == true, "\(name): \(error?.message ?? "loaded")")
        #expect(try await store.list().isEmpty, "\(name)")
        #expect(try await client.contentCount() == 0, "\(name)")
        #expect(try await client.snapshotCount() == 0, "\(name)")
        #expect(try await client.leaseCount() == 0, "\(name)")
      }
    }
  }

  @Test func unpacksWithoutOverlayfs() async throws {
    let image = try ImageStoreFixture.image()
    try await ImageStoreFixture.with(withoutPlugins: ["io.containerd.snapshotter.v1.overlayfs"]) { store, _ async throws in
      _ = try await store.load(.pieces(of: image.ociArchive()))
      #expect(try await store.ensure(image.name).snapshotter == "native")
    }
  }

  @Test func removesTheLeasesOfAKilledProcess() async throws {
    try await ImageStoreFixture.with { store, client async throws in
      try await client.leaveLease()
      #expect(try await client.leaseCount() == 1)
      try await store.removeLeftovers()
      #expect(try await client.leaseCount() == 0)
    }
  }

  @Test func refusesAnotherPlatform() async throws {
    var image = try ImageStoreFixture.image()
    image.config.platform = Platform(os: "linux", architecture: "s390x")
    let archive = image.ociArchive()
    try await ImageStoreFixture.with { store, _ async throws in
      let error = await #expect(throws: WarrenError.self) { try await store.load(.pieces(of: archive)) }
      #expect(error?.message.contains("s390x") == true)
    }
  }

  @Test func prunesWhatNobodyUses() async throws {
    let one = try ImageStoreFixture.image("warren.test/one:1")
    let two = try ImageStoreFixture.image("warren.test/two:1")
    try await ImageStoreFixture.with { store, client async throws in
      _ = try await store.load(.pieces(of: one.ociArchive()))
      _ = try await store.load(.pieces(of: two.ociArchive()))
      let first = try await store.prune(inUse: ["warren.test/two:1"])
      #expect(first.references == ["warren.test/one:1"])
      // The busybox layer is shared: only the rest is freed.
      #expect(first.freedBytes > 0 && first.freedBytes < Int64(one.layers[0].count))
      #expect(try await store.ensure("warren.test/two:1").chainID == "\(Digest.chainIDs(of: two.config.diffIDs)[1])")
      let second = try await store.prune(inUse: [])
      #expect(second.references == ["warren.test/two:1"] && second.freedBytes > Int64(two.layers[0].count) * 3 / 2, "compressed and unpacked")
      #expect(try await client.contentCount() == 0)
      #expect(try await client.snapshotCount() == 0)
      await #expect(throws: WarrenError.self) { try await store.remove("warren.test/two:1") }
    }
  }
}

enum TarBall {
  static func single(_ path: String, _ content: [UInt8]) -> [UInt8] {
    var tar = TarWriter()
    tar.file(path, content)
    return tar.finish()
  }
}

extension TestImage {
  func with(_ change: (inout TestImage) -> Void) -> TestImage {
    var copy = self
    change(&copy)
    return copy
  }
}
