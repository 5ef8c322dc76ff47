/// The full name of an image, normalised as Docker does: `nginx` is `docker.io/library/nginx:latest`.
///
/// Grammar and limits: https://pkg.go.dev/github.com/distribution/reference
package struct ImageReference: Hashable, Sendable, CustomStringConvertible {
  /// The registry, `host` or `host:port`, as written; `docker.io` where none was written.
  package let registry: String
  /// The path below the registry: `library/nginx`.
  package let repository: String
  /// `latest` where neither tag nor digest was written; nil where only a digest was.
  package let tag: String?
  package let digest: Digest?

  package static let defaultRegistry = "docker.io"
  package static let defaultTag = "latest"

  /// - Throws: `OCIError` that quotes the text and says which part is wrong.
  package init(_ text: String) throws(OCIError) {
    var parser = ImageReferenceParser(text)
    (registry, repository, tag, digest) = try parser.parse()
  }

  private init(registry: String, repository: String, tag: String?, digest: Digest?) {
    (self.registry, self.repository, self.tag, self.digest) = (registry, repository, tag, digest)
  }

  /// `registry/repository`.
  package var name: String { "\(registry)/\(repository)" }

  /// What to ask the registry for: the digest if there is one (it says more than a tag), else the tag.
  package var identifier: String { digest?.description ?? tag ?? Self.defaultTag }

  /// The whole normalised reference: the name of the image in containerd.
  package var description: String {
    name + (tag.map { ":" + $0 } ?? "") + (digest.map { "@\($0)" } ?? "")
  }

  /// As short as Docker shows it: `nginx:latest`, `user/app:1`, `ghcr.io/a/b:2`.
  package var familiar: String {
    guard registry == Self.defaultRegistry else { return description }
    let library = "library/"
    let path =
      repository.hasPrefix(library) && !repository.dropFirst(library.count).contains("/") ? String(repository.dropFirst(library.count)) : repository
    return path + (tag.map { ":" + $0 } ?? "") + (digest.map { "@\($0)" } ?? "")
  }

  /// The same image pinned to the bytes a tag meant at some moment.
  package func pinned(to digest: Digest) -> ImageReference {
    ImageReference(registry: registry, repository: repository, tag: tag, digest: digest)
  }
}

extension ImageReference: Codable {
  package init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    do { try self.init(container.decode(String.self)) } catch let error as OCIError {
      throw DecodingError.dataCorruptedError(in: container, debugDescription: error.message)
    }
  }

  package func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(description)
  }
}
