package import ClusterModel
package import Logging
package import OCI

/// The images of this node: pulls, loads, lists and removes them in containerd.
package actor ImageStore {
  private let client: ContainerdClient
  private let registry: RegistryConfiguration
  private let platform: Platform
  private let logger: Logger
  private let pulls = SharedPulls()
  private let leases: Leases
  private var snapshotter: String?
  /// What images were found to be, by name: their documents need not be read again while the name means the same content.
  private var known: [String: PreparedImage] = [:]
  private static let mostKnown = 256

  /// - Parameters:
  ///   - snapshotter: nil to use overlayfs, or native where that does not work.
  ///   - owner: of the leases it makes; only one store at a time may have this one.
  package init(
    client: ContainerdClient, registry: RegistryConfiguration, platform: Platform = .current, snapshotter: String? = nil, owner: String = "",
    logger: Logger
  ) {
    leases = Leases(client: client, owner: owner)
    self.client = client
    self.registry = registry
    self.platform = platform
    self.snapshotter = snapshotter
    self.logger = logger
  }

  /// Removes what pulls and loads that are over have left: those of a process that was killed, or whose end containerd did not hear.
  package func removeLeftovers() async throws { try await leases.removeLeftovers() }

  /// The image, from this node if it is here, else from its registry. Everyone who asks for the same image shares one pull;
  /// whoever is cancelled leaves it to the others.
  package func ensure(_ reference: String, progress: @escaping @Sendable (PullProgress) -> Void = { _ in }) async throws -> PreparedImage {
    let reference = try Self.parse(reference)
    if let local = try await local(reference) { return local }
    return try await pull(reference, progress: progress)
  }

  /// The image as its registry has it now.
  package func pull(_ reference: String, progress: @escaping @Sendable (PullProgress) -> Void = { _ in }) async throws -> PreparedImage {
    try await pull(try Self.parse(reference), progress: progress)
  }

  /// Reads an OCI layout or `docker save` archive: tar, plain or compressed with gzip or zstd. All of it is loaded, or nothing.
  package func load(_ archive: AsyncThrowingStream<[UInt8], any Error>) async throws -> [NodeImage] {
    let installer = try await installer()
    let names = try await ImageLoader(installer: installer).load(archive)
    logger.info("image.loaded", metadata: ["images": .array(names.map { .string($0) })])
    return try await list().filter { names.contains($0.reference) }
  }

  /// - Parameter inUse: references that tasks of this node use.
  package func list(inUse: Set<String> = []) async throws -> [NodeImage] {
    let installer = try await installer()
    let used = Self.normalize(inUse)
    var images: [NodeImage] = []
    for entry in try await ImageNames(client: client).all() {
      // An image whose content is incomplete, or for another platform, is still listed: it can be removed.
      let size = (try? await installer.parts(of: entry.target, name: entry.name).size) ?? entry.target.size
      images.append(
        NodeImage(
          reference: entry.name, digest: "\(entry.target.digest)", sizeBytes: size, createdAt: entry.createdAt, inUse: used.contains(entry.name)))
    }
    return images
  }

  /// - Throws: `WarrenError` `.notFound`.
  package func remove(_ reference: String) async throws {
    let reference = try Self.parse(reference)
    guard try await ImageNames(client: client).remove("\(reference)", collect: true) else {
      throw WarrenError(.notFound, "there is no image \(reference) on this node: see warren image list.")
    }
    logger.info("image.removed", metadata: ["image": "\(reference)"])
  }

  /// Removes every image that is neither in `inUse` nor being pulled, and the content and snapshots that only they used.
  /// - Returns: the names removed, and the bytes freed: of content, and of what was unpacked from it.
  package func prune(inUse: Set<String>) async throws -> (references: [String], freedBytes: Int64) {
    let names = ImageNames(client: client)
    let kept = Self.normalize(inUse).union(await pulls.references)
    let before = try await footprint()
    var removed: [String] = []
    for entry in try await names.all() where !kept.contains(entry.name) {
      if try await names.remove(entry.name, collect: true) { removed.append(entry.name) }
    }
    let freed = max(0, before - (try await footprint()))
    logger.info("image.pruned", metadata: ["images": .array(removed.map { .string($0) }), "bytes": "\(freed)"])
    return (removed, freed)
  }

  /// What images take on the disk.
  private func footprint() async throws -> Int64 {
    try await ContentStore(client: client).sizes().values.reduce(0, +) + UnpackedLayers(client: client).size()
  }

  private func pull(_ reference: ImageReference, progress: @escaping @Sendable (PullProgress) -> Void) async throws -> PreparedImage {
    let puller = ImagePuller(installer: try await installer(), registry: registry)
    let logger = logger
    return try await pulls.run("\(reference)", progress: progress) { report in
      let start = ContinuousClock.now
      logger.info("image.pull.started", metadata: ["image": "\(reference)"])
      do {
        let image = try await puller.pull(reference, meter: PullMeter(report: report))
        logger.info("image.pulled", metadata: ["image": "\(reference)", "digest": "\(image.digest)", "took": "\(ContinuousClock.now - start)"])
        return image
      } catch {
        logger.warning("image.pull.failed", metadata: ["image": "\(reference)", "reason": "\(error)"])
        throw error
      }
    }
  }

  /// A reference with a tag and a digest is also satisfied by the tag alone if it is that digest: images loaded from archives have no digest in their name.
  private func local(_ reference: ImageReference) async throws -> PreparedImage? {
    let installer = try await installer()
    let tagged = reference.digest == nil ? nil : reference.tag.map { "\(reference.name):\($0)" }
    for name in ["\(reference)", tagged].compactMap({ $0 }) {
      guard let entry = try await ImageNames(client: client).entry(name) else { continue }
      if let digest = reference.digest, digest != entry.target.digest { continue }
      if let image = try await installed(entry, installer) { return image }
      do { return try await unpackAgain(entry, installer) } catch let error as WarrenError where error.code == .notFound { continue }
    }
    return nil
  }

  private func installed(_ entry: ImageNames.Entry, _ installer: ImageInstaller) async throws -> PreparedImage? {
    if let image = known[entry.name], image.digest == "\(entry.target.digest)", try await installer.isUnpacked(image) { return image }
    guard let image = try await installer.installed(entry) else { return nil }
    if known.count >= Self.mostKnown { known = [:] }
    known[entry.name] = image
    return image
  }

  /// The content is here but not unpacked for this snapshotter.
  private func unpackAgain(_ entry: ImageNames.Entry, _ installer: ImageInstaller) async throws -> PreparedImage {
    let parts = try await installer.parts(of: entry.target, name: entry.name)
    return try await leases.with(collect: false) { lease in
      try await installer.install(parts, as: entry.name, target: entry.target, lease: lease, meter: PullMeter { _ in })
    }
  }

  private func installer() async throws -> ImageInstaller {
    let name: String
    if let snapshotter { name = snapshotter } else { name = try await Unpacker.choose(client) }
    snapshotter = name
    return ImageInstaller(client: client, leases: leases, platform: platform, snapshotter: name)
  }

  private static func parse(_ reference: String) throws -> ImageReference {
    do { return try ImageReference(reference) } catch { throw WarrenError(.invalidArgument, "\(error).") }
  }

  /// Names as containerd has them; a pinned reference also uses the tag it pins.
  private static func normalize(_ references: Set<String>) -> Set<String> {
    var names: Set<String> = []
    for text in references {
      guard let reference = try? ImageReference(text) else { continue }
      names.insert("\(reference)")
      if reference.digest != nil, let tag = reference.tag { names.insert("\(reference.name):\(tag)") }
    }
    return names
  }
}
