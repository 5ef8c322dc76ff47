import Containerd
import NIOConcurrencyHelpers
import NIOCore

/// Keeps a download in memory, across attempts.
final class MemorySink: BlobSink {
  private let content = NIOLockedValueBox<[UInt8]>([])
  var bytes: [UInt8] { content.withLockedValue { $0 } }

  func append(_ body: @escaping @Sendable (_ offset: Int64, _ write: @escaping Write) async throws -> Void) async throws {
    try await body(Int64(bytes.count)) { [content] chunk in content.withLockedValue { $0 += chunk.readableBytesView } }
  }
}
