import AsyncHTTPClient
import ClusterModel
import FoundationEssentials
import NIOCore
import NIOHTTP1
package import OCI

/// A manifest or an index as the registry sent it, its digest checked.
package struct FetchedManifest: Sendable {
  package var descriptor: Descriptor
  package var bytes: [UInt8]
}

extension RegistryClient {
  /// Larger manifests are refused, as registries do themselves.
  package static let maximumManifest = 4 << 20

  /// What a reference means now.
  package func resolve(_ reference: ImageReference) async throws -> FetchedManifest {
    try await manifest(reference.identifier, of: reference.repository, expected: reference.digest, subject: "image \(reference)")
  }

  /// The manifest an index points to.
  package func manifest(_ descriptor: Descriptor, of reference: ImageReference) async throws -> FetchedManifest {
    try await manifest(
      descriptor.digest.description, of: reference.repository, expected: descriptor.digest, subject: "manifest \(descriptor.digest) of \(reference)")
  }

  private func manifest(_ identifier: String, of repository: String, expected: Digest?, subject: String) async throws -> FetchedManifest {
    let types = [MediaType.ociIndex, MediaType.ociManifest, MediaType.dockerIndex, MediaType.dockerManifest]
    let headers = HTTPHeaders([("Accept", types.joined(separator: ", "))])
    return try await retrying {
      try await get("manifests/\(identifier)", of: repository, subject: subject, capability: expected == nil ? .resolve : .pull, headers: headers) {
        response, endpoint in
        let bytes = try await Self.collect(response, limit: Self.maximumManifest, endpoint: endpoint, subject: subject)
        let digest = Digest(of: bytes)
        let claimed = try? response.headers.first(name: "Docker-Content-Digest").map { text in try Digest(text) }
        if let wanted = expected ?? claimed, wanted != digest {
          throw RegistryFailure(
            error: WarrenError(
              .dataLoss,
              "the registry \(endpoint.authority) sent \(digest) for \(subject), which should be \(wanted): try again, or report it to whoever runs it."
            ),
            isTransient: true)
        }
        let type = try Self.mediaType(of: bytes, header: response.headers.first(name: "Content-Type"), subject: subject)
        return FetchedManifest(descriptor: Descriptor(mediaType: type, digest: digest, size: Int64(bytes.count)), bytes: bytes)
      }
    }
  }

  static func collect(_ response: HTTPClientResponse, limit: Int, endpoint: RegistryEndpoint, subject: String) async throws -> [UInt8] {
    let tooLarge = RegistryFailure(
      error: WarrenError(
        .resourceExhausted, "\(subject) is larger than \(limit >> 20) MiB, which is refused: the registry \(endpoint.authority) is broken."),
      isTransient: false)
    if let length = response.headers.first(name: "Content-Length").flatMap({ Int($0) }), length > limit { throw tooLarge }
    do { return Array(try await response.body.collect(upTo: limit).readableBytesView) } catch is NIOTooManyBytesError { throw tooLarge } catch {
      try Task.checkCancellation()
      throw RegistryTransport.failure(error, name: endpoint.authority)
    }
  }

  /// The header says what it is; some registries only say it in the document.
  private static func mediaType(of bytes: [UInt8], header: String?, subject: String) throws -> String {
    struct Peek: Decodable {
      var schemaVersion: Int?
      var mediaType: String?
      var manifests: [Descriptor]?
      var layers: [Descriptor]?
    }
    func isKnown(_ type: String) -> Bool { MediaType.isIndex(type) || MediaType.isManifest(type) }
    let named = header.map { String($0.prefix { $0 != ";" }) }
    if let named, isKnown(named) { return named }
    if let peek = try? JSONDecoder().decode(Peek.self, from: Data(bytes)), peek.schemaVersion == 2 {
      if let type = peek.mediaType, isKnown(type) { return type }
      if peek.manifests != nil { return MediaType.ociIndex }
      if peek.layers != nil { return MediaType.ociManifest }
    }
    throw WarrenError(
      .failedPrecondition,
      "\(subject) is not an image that can be run here (it is \"\(named ?? "of unknown type")\"): push it again with a current tool.")
  }
}
