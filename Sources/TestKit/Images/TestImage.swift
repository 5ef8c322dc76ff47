import Containerd
import FoundationEssentials
package import OCI

/// A small container image made in memory, to be loaded from an archive or served by a registry.
package struct TestImage: Sendable {
  /// The name it is given in archives.
  package var name: String
  /// One uncompressed tar a layer, lowest first.
  package var layers: [[UInt8]]
  package var config: ImageConfig

  package init(name: String, layers: [[UInt8]], command: [String], env: [String] = ["PATH=/bin"], platform: Platform = .current) {
    self.name = name
    self.layers = layers
    config = ImageConfig(platform: platform)
    config.command = command
    config.env = env
    config.diffIDs = layers.map { Digest(of: $0) }
  }

  /// Debian's static busybox (package busybox-static) with `sh`, `sleep` and the other usual names, a passwd and a group file.
  /// - Parameter extra: files of a second layer, which makes the image's digest a test's own.
  package static func busybox(name: String, command: [String] = ["/bin/sleep", "3600"], extra: [String: String] = [:]) throws -> TestImage {
    let program = Array(try Data(contentsOf: URL(filePath: "/bin/busybox")))
    var tar = TarWriter()
    for directory in ["bin", "etc", "tmp", "proc", "dev", "sys", "root"] { tar.directory(directory) }
    tar.file("bin/busybox", program, mode: 0o755)
    for applet in [
      "sh", "sleep", "cat", "echo", "ls", "true", "false", "id", "env", "kill", "ps", "wget", "nc", "httpd", "touch", "head", "dd", "seq", "hostname",
    ] {
      tar.symbolicLink("bin/\(applet)", to: "busybox")
    }
    tar.file("etc/passwd", Array("root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/false\nweb:x:1000:1000::/:/bin/sh\n".utf8))
    tar.file("etc/group", Array("root:x:0:\nnogroup:x:65534:\nweb:x:1000:\nextra:x:2000:web,root\n".utf8))
    var layers = [tar.finish()]
    if !extra.isEmpty {
      var second = TarWriter()
      for (path, text) in extra.sorted(by: { $0.key < $1.key }) { second.file(path, Array(text.utf8)) }
      layers.append(second.finish())
    }
    return TestImage(name: name, layers: layers, command: command)
  }

  package var configBytes: [UInt8] { Self.json(config) }

  package var manifest: Manifest {
    let config = configBytes
    return Manifest(
      mediaType: MediaType.ociManifest, config: Descriptor(mediaType: MediaType.ociConfig, digest: Digest(of: config), size: Int64(config.count)),
      layers: layers.map { Descriptor(mediaType: MediaType.ociLayer, digest: Digest(of: $0), size: Int64($0.count)) })
  }

  package var manifestBytes: [UInt8] { Self.json(manifest) }

  package var descriptor: Descriptor {
    let bytes = manifestBytes
    return Descriptor(mediaType: MediaType.ociManifest, digest: Digest(of: bytes), size: Int64(bytes.count), platform: config.platform)
  }

  /// Everything of the image by digest.
  package var blobs: [(digest: Digest, bytes: [UInt8])] { (layers + [configBytes, manifestBytes]).map { (Digest(of: $0), $0) } }

  /// An OCI layout as a tar archive.
  package func ociArchive() -> [UInt8] {
    var entry = descriptor
    entry.annotations = ["org.opencontainers.image.ref.name": name]
    var tar = TarWriter()
    tar.file("oci-layout", Array(#"{"imageLayoutVersion":"1.0.0"}"#.utf8))
    for blob in blobs { tar.file("blobs/sha256/\(blob.digest.hex)", blob.bytes) }
    tar.file("index.json", Self.json(Index(manifests: [entry])))
    return tar.finish()
  }

  /// What `docker save` wrote before it wrote OCI layouts: a directory a layer, repeated layers as links.
  package func dockerArchive() -> [UInt8] {
    var tar = TarWriter()
    let config = configBytes
    let configName = "\(Digest(of: config).hex).json"
    var paths: [String] = []
    var first: [Digest: String] = [:]
    for (number, layer) in layers.enumerated() {
      let path = "layer\(number)/layer.tar"
      tar.directory("layer\(number)/")
      tar.file("layer\(number)/VERSION", Array("1.0".utf8))
      if let known = first[Digest(of: layer)] {
        tar.symbolicLink(path, to: "../\(known)")
      } else {
        tar.file(path, layer)
        first[Digest(of: layer)] = path
      }
      paths.append(path)
    }
    tar.file(configName, config)
    struct Entry: Encodable {
      var Config: String
      var RepoTags: [String]
      var Layers: [String]
    }
    tar.file("manifest.json", Self.json([Entry(Config: configName, RepoTags: [name], Layers: paths)]))
    return tar.finish()
  }

  package static func json(_ value: some Encodable) -> [UInt8] {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return (try? encoder.encode(value)).map { Array($0) } ?? []
  }
}

extension AsyncThrowingStream where Element == [UInt8], Failure == any Error {
  /// The bytes in pieces, as they would arrive from a socket.
  package static func pieces(of bytes: [UInt8], size: Int = 65536) -> Self {
    AsyncThrowingStream { continuation in
      for start in stride(from: 0, to: bytes.count, by: size) { continuation.yield(Array(bytes[start..<Swift.min(start + size, bytes.count)])) }
      continuation.finish()
    }
  }
}
