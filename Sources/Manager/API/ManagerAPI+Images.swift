import ClusterModel
import ClusterSecurity
import FoundationEssentials
package import GRPCCore
import NIOConcurrencyHelpers
import SwiftProtobuf
package import WarrenAPI

/// Images are loaded, pulled, listed and pruned on a node.
extension ManagerAPI {
  static let largestChunk = 1 << 20

  /// - Parameter text: its id; empty for the manager that was asked, which may have passed the call on to this one.
  private func imageNode(_ text: String) async throws -> (id: NodeID, operations: any NodeOperations) {
    let asked: NodeID = if case .forwarded(_, by: let manager) = AuthorizedCall.current?.caller { manager.node } else { identity.node }
    let view = try await currentView()
    let node = text.isEmpty ? asked : try view.findNode(text).id
    if view.node(node)?.roles.contains(.worker) == false || node == identity.node && localNode == nil {
      throw WarrenError(
        .failedPrecondition, "\(node) runs no containers, so it has no images; it is a manager only; name a worker with --node")
    }
    return (node, try operations(on: node, for: "what it has of images"))
  }

  package func loadImage(
    request: RPCAsyncSequence<Warren_V1_LoadImageRequest, any Error>, context: ServerContext
  ) async throws -> Warren_V1_LoadImageResponse {
    let requests = SerialIterator<RPCAsyncSequence<Warren_V1_LoadImageRequest, any Error>>(request.makeAsyncIterator())
    let first = NIOLockedValueBox(try await requests.next())
    let node = try await imageNode(first.withLockedValue { $0?.nodeID ?? "" })
    let archive = AsyncThrowingStream<[UInt8], any Error> {
      func next() async throws -> Warren_V1_LoadImageRequest? {
        if let message = first.withLockedValue({ $0.take() }) { return message }
        return try await requests.next()
      }
      while let message = try await next() {
        if message.chunk.count > Self.largestChunk {
          throw WarrenError(.invalidArgument, "a chunk has \(message.chunk.count) bytes; at most \(Self.largestChunk) are allowed; send smaller ones")
        }
        if !message.chunk.isEmpty { return Array(message.chunk) }
      }
      return nil
    }
    let images = try await context.whileConnected { try await node.operations.loadImages(archive) }
    return .with { $0.images = images.map { $0.wire(on: node.id) } }
  }

  package func pullImage(
    request: Warren_V1_PullImageRequest, response: RPCWriter<Warren_V1_PullImageProgress>, context: ServerContext
  ) async throws {
    try Self.checkImage(request.reference)
    let node = try await imageNode(request.nodeID)
    try await context.whileConnected {
      for try await progress in try await node.operations.pullImage(request.reference) { try await response.write(progress.wire(on: node.id)) }
    }
  }

  package func listImages(request: Warren_V1_ListImagesRequest, context: ServerContext) async throws -> Warren_V1_ListImagesResponse {
    let node = try await imageNode(request.nodeID)
    let images = try await context.whileConnected { try await node.operations.listImages() }.sorted {
      ($0.reference, $0.digest) < ($1.reference, $1.digest)
    }
    return .with { $0.images = images.map { $0.wire(on: node.id) } }
  }

  package func pruneImages(request: Warren_V1_PruneImagesRequest, context: ServerContext) async throws -> Warren_V1_PruneImagesResponse {
    let node = try await imageNode(request.nodeID)
    let (references, freed) = try await context.whileConnected { try await node.operations.pruneImages() }
    return .with {
      $0.references = references.sorted()
      $0.freedBytes = freed
    }
  }
}
