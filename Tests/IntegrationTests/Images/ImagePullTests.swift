import ClusterModel
import Containerd
import Foundation
import NIOConcurrencyHelpers
import OCI
import TestKit
import Testing

/// On real containerd and Debian's docker-registry: see ImageStoreFixture and TemporaryRegistry for what it needs.
@Suite struct ImagePullTests {
  @Test func pullsAnonymously() async throws {
    let image = try ImageStoreFixture.image()
    try await TemporaryRegistry.with { registry in
      try registry.storage.put(image, repository: "team/hello", tag: "v1")
      let reference = "\(registry.address)/team/hello:v1"
      try await ImageStoreFixture.with { store, client async throws in
        let updates = NIOLockedValueBox<[PullProgress]>([])
        let pulled = try await store.ensure(reference) { update in updates.withLockedValue { $0.append(update) } }
        #expect(pulled.reference == reference && pulled.digest == "\(image.descriptor.digest)" && pulled.config == image.config)
        #expect(updates.withLockedValue { $0 }.last?.message == "pulled \(reference)")
        let total = Int64(image.layers.reduce(0) { $0 + $1.count })
        #expect(updates.withLockedValue { $0 }.last.map { $0.doneBytes == total && $0.totalBytes == total } == true)
        #expect(try await client.leaseCount() == 0)
        #expect(try await client.unfinished().isEmpty)
        // From now on it needs no registry.
        try FileManager.default.removeItem(atPath: registry.storage.root)
        #expect(try await store.ensure(reference) == pulled)
        #expect(try await store.list().map(\.reference) == [reference])
      }
    }
  }

  @Test func reportsWhatTheRegistrySays() async throws {
    try await TemporaryRegistry.with { registry in
      try await ImageStoreFixture.with { store, client async throws in
        let error = await #expect(throws: WarrenError.self) { try await store.ensure("\(registry.address)/no/such:thing") }
        #expect(error?.code == .notFound && error?.message.contains("MANIFEST_UNKNOWN") == true, "\(error?.message ?? "")")
        #expect(try await client.leaseCount() == 0)
        let bad = await #expect(throws: WarrenError.self) { try await store.ensure("Bad Name") }
        #expect(bad?.code == .invalidArgument)
      }
    }
  }

  @Test func logsIn() async throws {
    let image = try ImageStoreFixture.image()
    let directory = FileManager.default.temporaryDirectory.appending(path: "warren-login-\(UUID())").path
    try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: directory) }
    try await TemporaryRegistry.with(login: ("bob", "secret")) { registry in
      try registry.storage.put(image, repository: "private/hello", tag: "v1")
      let auth = Data("bob:secret".utf8).base64EncodedString()
      try #"{"auths":{"\#(registry.address)":{"auth":"\#(auth)"}}}"#.write(toFile: "\(directory)/config.json", atomically: true, encoding: .utf8)
      let reference = "\(registry.address)/private/hello:v1"
      try await ImageStoreFixture.with { store, _ async throws in
        let error = await #expect(throws: WarrenError.self) { try await store.ensure(reference) }
        #expect(error?.code == .unauthenticated && error?.message.contains("UNAUTHORIZED") == true, "\(error?.message ?? "")")
      }
      let configuration = RegistryConfiguration(hostDirectories: [], dockerConfigPath: "\(directory)/config.json")
      try await ImageStoreFixture.with(configuration) { store, _ async throws in
        #expect(try await store.ensure(reference).digest == "\(image.descriptor.digest)")
      }
    }
  }

  @Test func choosesThePlatform() async throws {
    let mine = try ImageStoreFixture.image()
    let other = mine.with { $0.config.platform = Platform(os: "linux", architecture: "s390x") }
    try await TemporaryRegistry.with { registry in
      for image in [mine, other] { try registry.storage.put(image, repository: "multi", tag: image.config.platform.architecture) }
      let both = try registry.storage.put(index: [other, mine], repository: "multi", tag: "both")
      _ = try registry.storage.put(index: [other], repository: "multi", tag: "foreign")
      try await ImageStoreFixture.with { store, client async throws in
        let pulled = try await store.ensure("\(registry.address)/multi:both")
        #expect(pulled.digest == "\(both)" && pulled.config == mine.config)
        // Two layers, configuration, manifest, index: nothing of the other platform.
        #expect(try await client.contentCount() == 5)
        let error = await #expect(throws: WarrenError.self) { try await store.ensure("\(registry.address)/multi:foreign") }
        #expect(error?.message.contains("available: linux/s390x") == true, "\(error?.message ?? "")")
      }
    }
  }

  @Test func sharesOnePullAndOutlivesACancelledCaller() async throws {
    let image = try ImageStoreFixture.image()
    try await TemporaryRegistry.with { registry in
      try registry.storage.put(image, repository: "shared", tag: "v1")
      let reference = "\(registry.address)/shared:v1"
      try await ImageStoreFixture.with { store, _ async throws in
        let starts = NIOLockedValueBox(0)
        let (started, signal) = AsyncStream<Void>.makeStream()
        let first = Task {
          try await store.pull(reference) { update in
            if update.message.hasPrefix("resolving") { starts.withLockedValue { $0 += 1 } }
            signal.yield()
          }
        }
        for await _ in started { break }
        async let second = store.pull(reference)
        async let third = store.pull(reference)
        first.cancel()
        #expect(try await second == third)
        await #expect(throws: CancellationError.self) { try await first.value }
        #expect(starts.withLockedValue { $0 } == 1)
      }
    }
  }

  @Test func goesOnWithAnUnfinishedDownload() async throws {
    let image = try ImageStoreFixture.image()
    let layer = image.manifest.layers[0]
    try await TemporaryRegistry.with { registry in
      try registry.storage.put(image, repository: "resume", tag: "v1")
      let path = registry.storage.blobPath(layer.digest)
      let whole = try Data(contentsOf: URL(filePath: path))
      // The registry has lost the second half: the pull fails, and what came stays.
      try whole.prefix(whole.count / 2).write(to: URL(filePath: path))
      var configuration = RegistryConfiguration(hostDirectories: [])
      configuration.retry.attempts = 2
      configuration.retry.base = .milliseconds(1)
      try await ImageStoreFixture.with(configuration) { store, client async throws in
        let reference = "\(registry.address)/resume:v1"
        await #expect(throws: WarrenError.self) { try await store.ensure(reference) }
        #expect(try await client.unfinished()["layer-\(layer.digest)"] == Int64(whole.count / 2))
        // Now the first half is damaged: only who does not ask for it again can succeed.
        var mended = Data(count: whole.count / 2)
        mended.append(whole.suffix(from: whole.count / 2))
        try mended.write(to: URL(filePath: path))
        #expect(try await store.ensure(reference).digest == "\(image.descriptor.digest)")
      }
    }
  }

  @Test func refusesADamagedLayer() async throws {
    let image = try ImageStoreFixture.image()
    try await TemporaryRegistry.with { registry in
      try registry.storage.put(image, repository: "bad", tag: "v1")
      let path = registry.storage.blobPath(image.manifest.layers[0].digest)
      var bytes = try Data(contentsOf: URL(filePath: path))
      bytes[5000] ^= 1
      try bytes.write(to: URL(filePath: path))
      try await ImageStoreFixture.with { store, client async throws in
        let error = await #expect(throws: WarrenError.self) { try await store.ensure("\(registry.address)/bad:v1") }
        #expect(error?.code == .dataLoss, "\(error?.message ?? "")")
        #expect(try await client.unfinished().isEmpty)
        #expect(try await store.list().isEmpty)
        #expect(try await client.leaseCount() == 0)
      }
    }
  }
}
