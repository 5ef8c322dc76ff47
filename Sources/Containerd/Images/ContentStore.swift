import ClusterModel
import FoundationEssentials
import GRPCCore
import NIOCore
import OCI
import SwiftProtobuf

/// containerd's content-addressed store: blobs by digest, with labels that keep what they point to from garbage collection.
struct ContentStore: Sendable {
  let client: ContainerdClient

  /// The most that is read into memory: manifests and configurations.
  static let maximumDocument = 8 << 20

  /// The size of a blob, or nil if it is not there.
  func size(of digest: Digest) async throws -> Int64? {
    try await unlessMissing {
      try await client.call("look up content \(digest)") { metadata, options in
        try await client.content.info(.with { $0.digest = "\(digest)" }, metadata: metadata, options: options).info.size
      }
    }
  }

  /// - Throws: `WarrenError`, `.notFound` if it is not there, `.dataLoss` if it is not what its digest says.
  func read(_ digest: Digest) async throws -> [UInt8] {
    let bytes = try await client.call("read content \(digest)") { metadata, options in
      try await client.content.read(.with { $0.digest = "\(digest)" }, metadata: metadata, options: options) { response in
        var bytes: [UInt8] = []
        for try await part in response.messages {
          guard bytes.count + part.data.count <= Self.maximumDocument else {
            throw WarrenError(.resourceExhausted, "\(digest) is larger than 8 MiB, which is too much for a manifest or an image configuration.")
          }
          bytes += part.data
        }
        return bytes
      }
    }
    guard Digest(of: bytes) == digest else {
      throw WarrenError(.dataLoss, "content \(digest) in containerd is damaged: remove the image and pull it again.")
    }
    return bytes
  }

  /// Reads and decodes a manifest, an index or a configuration.
  func decode<T: Decodable>(_ type: T.Type, _ digest: Digest) async throws -> T {
    let bytes = try await read(digest)
    do { return try JSONDecoder().decode(type, from: Data(bytes)) } catch {
      throw WarrenError(
        .invalidArgument, "\(digest) is not a valid image \(T.self == ImageConfig.self ? "configuration" : "manifest"): build the image again.",
        cause: error)
    }
  }

  /// Stores a blob that is in memory, under a lease; it may be there already.
  func store(_ bytes: [UInt8], as descriptor: Descriptor, labels: [String: String] = [:], lease: String) async throws {
    let ref = Ingest.reference(for: descriptor)
    do {
      try await Ingest(client: client, ref: ref, total: descriptor.size, expected: descriptor.digest, lease: lease).run { session in
        if await session.offset == 0 { try await session.write(ByteBuffer(bytes: bytes)) }
        _ = try await session.commit(labels: labels)
      }
    } catch let error as WarrenError where error.code == .alreadyExists {
      try await keep(descriptor.digest, in: lease)
      try await label(descriptor.digest, labels)
    } catch let error as WarrenError where error.code == .failedPrecondition || error.code == .invalidArgument {
      await abort(ref)
      throw Self.damaged(descriptor.digest, error)
    }
  }

  /// Adds labels to a blob, leaving its others.
  func label(_ digest: Digest, _ labels: [String: String]) async throws {
    guard !labels.isEmpty else { return }
    try await client.call("label content \(digest)") { metadata, options in
      let request = Containerd_Services_Content_V1_UpdateRequest.with {
        $0.info.digest = "\(digest)"
        $0.info.labels = labels
        $0.updateMask.paths = labels.keys.sorted().map { "labels.\($0)" }
      }
      _ = try await client.content.update(request, metadata: metadata, options: options)
    }
  }

  /// Protects a blob that was there before by a lease.
  func keep(_ digest: Digest, in lease: String) async throws {
    try await Leases.add(resource: "\(digest)", type: "content", to: lease, client: client)
  }

  /// Throws away what was written under `ref`. Best effort: containerd drops it by itself a day later.
  func abort(_ ref: String) async {
    _ = try? await client.call("drop the unfinished content \(ref)") { metadata, options in
      try await client.content.abort(.with { $0.ref = ref }, metadata: metadata, options: options)
    }
  }

  /// Every blob of this namespace with its size.
  func sizes() async throws -> [String: Int64] {
    try await client.call("list content") { metadata, options in
      try await client.content.list(.init(), metadata: metadata, options: options) { response in
        var sizes: [String: Int64] = [:]
        for try await part in response.messages {
          for info in part.info { sizes[info.digest] = info.size }
        }
        return sizes
      }
    }
  }

  static func damaged(_ digest: Digest, _ cause: any Error) -> WarrenError {
    WarrenError(
      .dataLoss, "what was received for \(digest) does not have that digest: try again; if it stays so, its source is damaged.", cause: cause)
  }
}
