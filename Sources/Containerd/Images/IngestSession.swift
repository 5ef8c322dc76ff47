import ClusterModel
import FoundationEssentials
import GRPCCore
import NIOCore
import OCI

/// One open `Write` stream: each message is answered before the next is sent, so containerd's disk sets the pace.
actor IngestSession {
  /// Large enough to make the answers cheap, small enough for containerd's 16 MiB and for little memory.
  private static let messageSize = 1 << 20

  private let ingest: Ingest
  private let writer: RPCWriter<Ingest.Request>
  private let replies: AsyncThrowingStream<Ingest.Response, any Error>
  private var pending = ByteBuffer()
  /// Bytes safely in containerd.
  private(set) var offset: Int64 = 0

  init(ingest: Ingest, writer: RPCWriter<Ingest.Request>, replies: AsyncThrowingStream<Ingest.Response, any Error>) {
    self.ingest = ingest
    self.writer = writer
    self.replies = replies
  }

  func open() async throws { offset = try await exchange(.stat).offset }

  func write(_ chunk: ByteBuffer) async throws {
    pending.writeImmutableBuffer(chunk)
    while pending.readableBytes >= Self.messageSize { try await send(Self.messageSize) }
  }

  func flush() async throws {
    while pending.readableBytes > 0 { try await send(min(pending.readableBytes, Self.messageSize)) }
  }

  /// Ends the blob; containerd compares its size and digest with what was announced.
  /// - Returns: its digest.
  func commit(labels: [String: String]) async throws -> Digest {
    try await flush()
    let reply = try await exchange(.commit) { $0.labels = labels }
    return try Digest(reply.digest)
  }

  private func send(_ count: Int) async throws {
    let bytes = pending.readBytes(length: count) ?? []
    pending.discardReadBytes()
    offset = try await exchange(.write) { $0.data = Data(bytes) }.offset
  }

  private func exchange(
    _ action: Containerd_Services_Content_V1_WriteAction, _ fill: (inout Ingest.Request) -> Void = { _ in }
  ) async throws -> Ingest.Response {
    var request = Ingest.Request()
    request.action = action
    request.ref = ingest.ref
    request.total = ingest.total
    request.expected = ingest.expected?.description ?? ""
    request.offset = offset
    fill(&request)
    do { try await writer.write(request) } catch {
      // The stream's own end says why.
      for try await _ in replies {}
      throw error
    }
    for try await reply in replies { return reply }
    throw RPCError(code: .unavailable, message: "the stream ended early")
  }
}
