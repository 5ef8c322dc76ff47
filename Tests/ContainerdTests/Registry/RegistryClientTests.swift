import ClusterModel
import Containerd
import Foundation
import NIOConcurrencyHelpers
import NIOHTTP1
import OCI
import Testing

@Suite struct RegistryClientTests {
  static let manifest = Array(
    #"{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json","config":{},"layers":[]}"#.utf8)
  static let served: FakeRegistry.Response = .init(
    headers: ["Content-Type": MediaType.ociManifest, "Docker-Content-Digest": "\(Digest(of: manifest))"], body: manifest)

  /// Runs `body` with a client for `server`, recording pauses instead of waiting.
  static func client<R: Sendable>(
    for server: FakeRegistry, _ configure: (inout RegistryConfiguration) -> Void = { _ in },
    _ body: (RegistryClient, ImageReference, NIOLockedValueBox<[Duration]>) async throws -> R
  ) async throws -> R {
    var configuration = RegistryConfiguration(hostDirectories: [])
    configure(&configuration)
    let pauses = NIOLockedValueBox<[Duration]>([])
    return try await RegistryClient.withClient(for: server.address, configuration, pause: { pause in pauses.withLockedValue { $0.append(pause) } }) {
      try await body($0, try ImageReference("\(server.address)/team/app:1"), pauses)
    }
  }

  static func temporary(_ files: [String: String], _ body: (String) async throws -> Void) async throws {
    let directory = FileManager.default.temporaryDirectory.appending(path: "warren-images-\(UUID())").path
    defer { try? FileManager.default.removeItem(atPath: directory) }
    for (name, text) in files {
      let path = "\(directory)/\(name)"
      try FileManager.default.createDirectory(atPath: (path as NSString).deletingLastPathComponent, withIntermediateDirectories: true)
      try text.write(toFile: path, atomically: true, encoding: .utf8)
      if name.hasPrefix("bin/") { try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: path) }
    }
    try await body(directory)
  }

  @Test func resolvesATag() async throws {
    try await FakeRegistry.with({ _, _ in Self.served }) { server in
      let fetched = try await Self.client(for: server) { client, reference, _ in try await client.resolve(reference) }
      #expect(fetched.descriptor == Descriptor(mediaType: MediaType.ociManifest, digest: Digest(of: Self.manifest), size: Int64(Self.manifest.count)))
      #expect(fetched.bytes == Self.manifest)
      #expect(server.requests.map(\.uri) == ["/v2/team/app/manifests/1"])
      #expect(server.requests[0].headers.first(name: "Accept")?.contains(MediaType.dockerIndex) == true)
    }
  }

  @Test func passesOnTheRegistrysWords() async throws {
    let answer = FakeRegistry.Response.json(.notFound, #"{"errors":[{"code":"MANIFEST_UNKNOWN","message":"manifest unknown","detail":{}}]}"#)
    try await FakeRegistry.with({ _, _ in answer }) { server in
      let error = await #expect(throws: WarrenError.self) {
        try await Self.client(for: server) { client, reference, _ in try await client.resolve(reference) }
      }
      #expect(error?.code == .notFound)
      #expect(error?.message.contains("MANIFEST_UNKNOWN: manifest unknown") == true)
      #expect(server.requests.count == 1)
    }
  }

  @Test func honoursRetryAfterAndBacksOff() async throws {
    let count = NIOLockedValueBox(0)
    try await FakeRegistry.with({ _, _ in
      switch count.withLockedValue({
        $0 += 1; return $0
      }) {
      case 1: .json(.tooManyRequests, "{}", ["Retry-After": "7"])
      case 2: .json(.badGateway, "")
      default: Self.served
      }
    }) { server in
      let pauses = try await Self.client(for: server) { client, reference, pauses in
        _ = try await client.resolve(reference)
        return pauses.withLockedValue { $0 }
      }
      #expect(pauses.count == 2 && pauses[0] == .seconds(7))
      #expect((.milliseconds(500)...(.seconds(1))).contains(pauses[1]))
    }
  }

  @Test func givesUpAfterBoundedAttempts() async throws {
    try await FakeRegistry.with({ _, _ in .json(.serviceUnavailable, #"{"errors":[{"code":"UNAVAILABLE","message":"down for repairs"}]}"#) }) {
      server in
      let error = await #expect(throws: WarrenError.self) {
        try await Self.client(for: server) { client, reference, _ in try await client.resolve(reference) }
      }
      #expect(error?.code == .unavailable && error?.message.contains("down for repairs") == true)
      #expect(server.requests.count == RetryPolicy().attempts)
    }
  }

  @Test func reportsAnUnreachableRegistry() async throws {
    let address = try await FakeRegistry.with({ _, _ in Self.served }) { $0.address }
    let error = await #expect(throws: WarrenError.self) {
      try await RegistryClient.withClient(for: address, RegistryConfiguration(hostDirectories: []), pause: { _ in }) {
        try await $0.resolve(try ImageReference("\(address)/a"))
      }
    }
    #expect(error?.code == .unavailable && error?.message.contains(address) == true)
  }

  @Test func refusesContentThatIsNotWhatWasAskedFor() async throws {
    try await FakeRegistry.with({ _, _ in Self.served }) { server in
      let other = Digest(of: [1, 2, 3])
      let error = await #expect(throws: WarrenError.self) {
        try await Self.client(for: server) { client, reference, _ in try await client.resolve(reference.pinned(to: other)) }
      }
      #expect(error?.code == .dataLoss)
    }
  }

  @Test func refusesAHugeManifest() async throws {
    let huge = FakeRegistry.Response(headers: ["Content-Type": MediaType.ociManifest], body: [UInt8](repeating: 32, count: 4 << 20 + 1))
    try await FakeRegistry.with({ _, _ in huge }) { server in
      let error = await #expect(throws: WarrenError.self) {
        try await Self.client(for: server) { client, reference, _ in try await client.resolve(reference) }
      }
      #expect(error?.code == .resourceExhausted)
    }
  }

  @Test func goesOnWhereAConnectionBroke() async throws {
    let blob = (0..<300_000).map { UInt8(truncatingIfNeeded: $0 &* 31) }
    let descriptor = Descriptor(mediaType: MediaType.ociLayer, digest: Digest(of: blob), size: Int64(blob.count))
    try await FakeRegistry.with({ request, _ in
      let start = request.headers.first(name: "Range").flatMap { Int($0.dropFirst(6).dropLast()) }
      let rest = Array(blob[(start ?? 0)...])
      return .init(status: start == nil ? .ok : .partialContent, body: rest, cutAfter: rest.count > 100_000 ? 100_000 : nil)
    }) { server in
      let sink = MemorySink()
      try await Self.client(for: server) { client, reference, _ in try await client.download(descriptor, of: reference, into: sink) }
      #expect(sink.bytes == blob)
      // What of a cut answer arrives before the cut is noticed varies; each request starts where the last one got to.
      let starts = server.requests.dropFirst().map { Int($0.headers.first(name: "Range")?.dropFirst(6).dropLast() ?? "") ?? 0 }
      #expect(starts.count >= 2 && starts == starts.sorted() && starts.last.map { $0 >= 200_000 } == true)
    }
  }

  @Test func skipsWhatIsThereWhenTheServerIgnoresRanges() async throws {
    let blob = [UInt8]("0123456789".utf8)
    let descriptor = Descriptor(mediaType: MediaType.ociLayer, digest: Digest(of: blob), size: 10)
    let count = NIOLockedValueBox(0)
    try await FakeRegistry.with({ _, _ in
      .init(
        body: blob,
        cutAfter: count.withLockedValue {
          $0 += 1; return $0
        } == 1 ? 4 : nil)
    }) { server in
      let sink = MemorySink()
      try await Self.client(for: server) { client, reference, _ in try await client.download(descriptor, of: reference, into: sink) }
      #expect(sink.bytes == blob && server.requests.count == 2)
    }
  }

  @Test func refusesMoreThanTheAnnouncedSize() async throws {
    try await FakeRegistry.with({ _, _ in .init(body: [UInt8](repeating: 1, count: 20)) }) { server in
      let descriptor = Descriptor(mediaType: MediaType.ociLayer, digest: Digest(of: []), size: 10)
      let error = await #expect(throws: WarrenError.self) {
        try await Self.client(for: server) { client, reference, _ in try await client.download(descriptor, of: reference, into: MemorySink()) }
      }
      #expect(error?.code == .dataLoss && server.requests.count == 1)
    }
  }
}
