import ClusterModel
import FoundationEssentials
package import GRPCCore
import SwiftProtobuf
package import WarrenAPI

/// Images are loaded, pulled, listed and pruned on the node that is asked.
extension ManagerAPI {
  static let largestChunk = 1 << 20

  package func loadImage(
    request: RPCAsyncSequence<Warren_V1_LoadImageRequest, any Error>, context: ServerContext
  ) async throws -> Warren_V1_LoadImageResponse {
    let node = try imageOperations()
    let requests = SerialIterator<RPCAsyncSequence<Warren_V1_LoadImageRequest, any Error>>(request.makeAsyncIterator())
    let archive = AsyncThrowingStream<[UInt8], any Error> {
      while let message = try await requests.next() {
        if message.chunk.count > Self.largestChunk {
          throw WarrenError(.invalidArgument, "a chunk has \(message.chunk.count) bytes; at most \(Self.largestChunk) are allowed; send smaller ones")
        }
        if !message.chunk.isEmpty { return Array(message.chunk) }
      }
      return nil
    }
    let images = try await context.whileConnected { try await node.loadImages(archive) }
    return .with { $0.images = images.map { $0.wire(on: identity.node) } }
  }

  package func pullImage(
    request: Warren_V1_PullImageRequest, response: RPCWriter<Warren_V1_PullImageProgress>, context: ServerContext
  ) async throws {
    try Self.checkImage(request.reference)
    let node = try imageOperations()
    try await context.whileConnected {
      for try await progress in try await node.pullImage(request.reference) { try await response.write(progress.wire(on: identity.node)) }
    }
  }

  package func listImages(request: Warren_V1_ListImagesRequest, context: ServerContext) async throws -> Warren_V1_ListImagesResponse {
    let node = try imageOperations()
    let images = try await context.whileConnected { try await node.listImages() }.sorted { ($0.reference, $0.digest) < ($1.reference, $1.digest) }
    return .with { $0.images = images.map { $0.wire(on: identity.node) } }
  }

  package func pruneImages(request: Warren_V1_PruneImagesRequest, context: ServerContext) async throws -> Warren_V1_PruneImagesResponse {
    let node = try imageOperations()
    let (references, freed) = try await context.whileConnected { try await node.pruneImages() }
    return .with {
      $0.references = references.sorted()
      $0.freedBytes = freed
    }
  }
}
