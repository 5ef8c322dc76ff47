import ClusterModel
import FoundationEssentials
import GRPCCore
import NIOConcurrencyHelpers
import NIOCore
import OCI

/// Writes one blob into containerd over the interactive `Write` stream. What was written stays under `ref` when the stream ends,
/// and the next one goes on there.
struct Ingest: Sendable {
  typealias Request = Containerd_Services_Content_V1_WriteContentRequest
  typealias Response = Containerd_Services_Content_V1_WriteContentResponse

  let client: ContainerdClient
  let ref: String
  /// 0 where it is not known yet.
  var total: Int64 = 0
  var expected: Digest?
  /// With a lease the unfinished blob goes with the lease; without one containerd keeps it for a day.
  var lease: String?

  /// The same name containerd's own clients use, so that two of them share the work.
  static func reference(for descriptor: Descriptor) -> String {
    let kind =
      if MediaType.isIndex(descriptor.mediaType) { "index" } else if MediaType.isManifest(descriptor.mediaType) {
        "manifest"
      } else if MediaType.isConfig(descriptor.mediaType) { "config" } else { "layer" }
    return "\(kind)-\(descriptor.digest)"
  }

  /// Opens the blob for writing and runs `body`; its errors come out unchanged.
  /// - Throws: `WarrenError`: `.alreadyExists` if the content is there, `.unavailable` if another writer holds `ref` for long.
  @discardableResult
  func run<R: Sendable>(_ body: @escaping @Sendable (IngestSession) async throws -> R) async throws -> R {
    var waited = Duration.zero
    while true {
      do { return try await attempt(body) } catch let error as WarrenError where error.code == .unavailable && error.message.contains("locked") {
        // Another writer, or one whose connection broke and which containerd has not noticed yet.
        guard waited < .seconds(60) else { throw error }
        let pause = Duration.milliseconds(200)
        try await Task.sleep(for: pause)
        waited += pause
      }
    }
  }

  private func attempt<R: Sendable>(_ body: @escaping @Sendable (IngestSession) async throws -> R) async throws -> R {
    let (replies, feed) = AsyncThrowingStream<Response, any Error>.makeStream()
    let outcome = NIOLockedValueBox<Result<R, any Error>?>(nil)
    return try await client.call("write content \(expected?.description ?? ref)", timeout: nil, lease: lease) { metadata, options in
      do {
        try await client.content.write(
          metadata: metadata, options: options,
          requestProducer: { writer in
            let session = IngestSession(ingest: self, writer: writer, replies: replies)
            do {
              try await session.open()
              let result: R
              do { result = try await body(session) } catch {
                try? await session.flush()
                throw error
              }
              try await session.flush()
              outcome.withLockedValue { $0 = .success(result) }
            } catch {
              outcome.withLockedValue { $0 = .failure(error) }
              throw error
            }
          },
          onResponse: { response in
            do {
              for try await reply in response.messages { feed.yield(reply) }
              feed.finish()
            } catch {
              feed.finish(throwing: error)
              throw error
            }
          })
      } catch {
        feed.finish(throwing: error)
        if case .failure(let original)? = outcome.withLockedValue({ $0 }) { throw original }
        if case .success(let result)? = outcome.withLockedValue({ $0 }) { return result }
        throw error
      }
      guard let result = outcome.withLockedValue({ $0 }) else { throw RPCError(code: .unavailable, message: "the stream ended early") }
      return try result.get()
    }
  }
}
