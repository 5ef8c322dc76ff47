import ClusterModel
import NIOCore
import OCI

/// Receives a download into containerd. Unfinished downloads are kept without a lease, so that also the next pull goes on where this
/// one stopped; only the finished blob comes under the lease.
struct ContentSink: BlobSink {
  let content: ContentStore
  let descriptor: Descriptor

  private var ingest: Ingest {
    Ingest(client: content.client, ref: Ingest.reference(for: descriptor), total: descriptor.size, expected: descriptor.digest)
  }

  func append(_ body: @escaping @Sendable (_ offset: Int64, _ write: @escaping Write) async throws -> Void) async throws {
    do {
      try await ingest.run { session in
        try await body(await session.offset) { try await session.write($0) }
      }
    } catch let error as WarrenError where error.code == .alreadyExists {
      try await body(descriptor.size) { _ in }
    }
  }

  /// Checks and names the finished blob.
  /// - Throws: `WarrenError`, `.dataLoss` if it is not what its digest says; it is thrown away then.
  func commit(labels: [String: String], lease: String) async throws {
    var ingest = self.ingest
    ingest.lease = lease
    do {
      try await ingest.run { session in _ = try await session.commit(labels: labels) }
    } catch let error as WarrenError where error.code == .alreadyExists {
      try await content.keep(descriptor.digest, in: lease)
      try await content.label(descriptor.digest, labels)
    } catch let error as WarrenError where error.code == .failedPrecondition || error.code == .invalidArgument {
      await content.abort(ingest.ref)
      throw ContentStore.damaged(descriptor.digest, error)
    }
  }
}
