import ClusterModel
import GRPCCore
import OCI
import SwiftProtobuf

/// The names images have in containerd's namespace, and what each points to. A name is what keeps an image's content.
struct ImageNames: Sendable {
  let client: ContainerdClient

  struct Entry: Sendable {
    var name: String
    var target: Descriptor
    var createdAt: Timestamp
  }

  func entry(_ name: String) async throws -> Entry? {
    let image = try await unlessMissing {
      try await client.call("look up image \(name)") { metadata, options in
        try await client.images.get(.with { $0.name = name }, metadata: metadata, options: options).image
      }
    }
    return try image.map(Self.entry)
  }

  /// Sorted by name.
  func all() async throws -> [Entry] {
    let images = try await client.call("list images") { metadata, options in
      try await client.images.list(.init(), metadata: metadata, options: options).images
    }
    return try images.map(Self.entry).sorted { $0.name < $1.name }
  }

  func set(_ name: String, to target: Descriptor, lease: String) async throws {
    let image = Containerd_Services_Images_V1_Image.with {
      $0.name = name
      $0.target = Containerd_Types_Descriptor(target)
    }
    do {
      try await client.call("name image \(name)", lease: lease) { metadata, options in
        _ = try await client.images.create(.with { $0.image = image }, metadata: metadata, options: options)
      }
    } catch let error as WarrenError where error.code == .alreadyExists {
      try await client.call("name image \(name)", lease: lease) { metadata, options in
        let request = Containerd_Services_Images_V1_UpdateImageRequest.with {
          $0.image = image
          $0.updateMask.paths = ["target"]
        }
        _ = try await client.images.update(request, metadata: metadata, options: options)
      }
    }
  }

  /// - Parameter collect: whether to wait until what only this name kept is gone.
  /// - Returns: whether it was there.
  func remove(_ name: String, collect: Bool) async throws -> Bool {
    let removed: Void? = try await unlessMissing {
      try await client.call("remove image \(name)", timeout: .seconds(120)) { metadata, options in
        _ = try await client.images.delete(
          .with {
            $0.name = name
            $0.sync = collect
          }, metadata: metadata, options: options)
      }
    }
    return removed != nil
  }

  private static func entry(_ image: Containerd_Services_Images_V1_Image) throws -> Entry {
    let target = Descriptor(mediaType: image.target.mediaType, digest: try Digest(image.target.digest), size: image.target.size)
    return Entry(name: image.name, target: target, createdAt: Timestamp(seconds: image.createdAt.seconds, nanoseconds: image.createdAt.nanos))
  }
}
