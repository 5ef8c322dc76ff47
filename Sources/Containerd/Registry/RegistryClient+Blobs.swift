import AsyncHTTPClient
import ClusterModel
import NIOConcurrencyHelpers
package import NIOCore
import NIOHTTP1
package import OCI

/// Where downloaded bytes go; it keeps what it got when an attempt fails, and checks the digest at the end.
package protocol BlobSink: Sendable {
  typealias Write = @Sendable (ByteBuffer) async throws -> Void

  /// Opens the destination and runs `body` with the number of bytes already there and a function that appends.
  /// Errors of `body` come out unchanged.
  func append(_ body: @escaping @Sendable (_ offset: Int64, _ write: @escaping Write) async throws -> Void) async throws
}

extension RegistryClient {
  /// Brings a blob into `sink`, going on where it stopped after each failure that may pass.
  /// - Parameter progress: called with the number of bytes there are so far.
  /// - Throws: `WarrenError` with the registry's words; `.dataLoss` if it sends more than `descriptor.size`.
  package func download(
    _ descriptor: Descriptor, of reference: ImageReference, into sink: some BlobSink, progress: @escaping @Sendable (Int64) -> Void = { _ in }
  ) async throws {
    let reached = NIOLockedValueBox<Int64>(0)
    try await retrying(progress: { reached.withLockedValue { $0 } }) {
      try await sink.append { offset, write in
        reached.withLockedValue { $0 = offset }
        progress(offset)
        guard offset < descriptor.size else { return }
        try await fetch(descriptor, of: reference, from: offset) { chunk in
          try await write(chunk)
          progress(
            reached.withLockedValue {
              $0 += Int64(chunk.readableBytes); return $0
            })
        }
      }
    }
  }

  private func fetch(_ descriptor: Descriptor, of reference: ImageReference, from offset: Int64, _ write: BlobSink.Write) async throws {
    let subject = "blob \(descriptor.digest) of \(reference)"
    let headers = offset == 0 ? HTTPHeaders() : HTTPHeaders([("Range", "bytes=\(offset)-")])
    try await get("blobs/\(descriptor.digest)", of: reference.repository, subject: subject, capability: .pull, headers: headers) {
      response, endpoint in
      // A server that does not know Range sends everything: skip what is there already.
      var skip = response.status == .partialContent ? 0 : Int(offset)
      var remaining = descriptor.size - offset
      var isPartial = false
      var chunks = response.body.makeAsyncIterator()
      while let chunk = try await Self.next(&chunks, endpoint, isPartial: isPartial) {
        var chunk = chunk
        let skipped = min(skip, chunk.readableBytes)
        chunk.moveReaderIndex(forwardBy: skipped)
        skip -= skipped
        guard chunk.readableBytes <= remaining else { throw wrongSize(subject, endpoint, "more", isPartial: isPartial) }
        remaining -= Int64(chunk.readableBytes)
        if chunk.readableBytes > 0 {
          isPartial = true
          try await write(chunk)
        }
      }
      guard remaining == 0 else { throw wrongSize(subject, endpoint, "less", isTransient: true, isPartial: isPartial) }
    }
  }

  private static func next(
    _ chunks: inout HTTPClientResponse.Body.AsyncIterator, _ endpoint: RegistryEndpoint, isPartial: Bool
  ) async throws -> ByteBuffer? {
    do { return try await chunks.next() } catch {
      try Task.checkCancellation()
      var failure = RegistryTransport.failure(error, name: endpoint.authority)
      failure.isPartial = isPartial
      throw failure
    }
  }

  private func wrongSize(
    _ subject: String, _ endpoint: RegistryEndpoint, _ word: String, isTransient: Bool = false, isPartial: Bool
  ) -> RegistryFailure {
    RegistryFailure(
      error: WarrenError(
        .dataLoss, "the registry \(endpoint.authority) sent \(word) than the size of \(subject): try again, or report it to whoever runs it."),
      isTransient: isTransient, isPartial: isPartial)
  }
}
