import ArgumentParser
import ClusterModel
import GRPCCore
import Glibc
import SwiftProtobuf
import Synchronization
import WarrenAPI

struct ImageLoad: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "load", abstract: "Load images from an archive: an OCI layout or docker save, plain, gzip or zstd.",
    discussion: example(
      "warren image load web.tar", "warren image load web.tar --node edge-1 --node edge-2", "docker save web | warren image load - --node edge-1"))

  @Argument(help: "The archive, or - for standard input.", completion: .file()) var file: String
  @Option(help: ArgumentHelp("A node to load it on (repeatable; default: the manager that is asked).", valueName: "id"), completion: .nodeNames)
  var node: [String] = []
  @OptionGroup var options: GlobalOptions
  @OptionGroup var format: OutputOptions

  func run() async throws {
    let descriptor = file == "-" ? 0 : open(file, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else {
      let code: WarrenError.Code = errno == ENOENT ? .notFound : .failedPrecondition
      throw WarrenError(code, "\(file) cannot be read; \(String(cString: strerror(errno))); name an archive, or - for standard input")
    }
    defer { close(descriptor) }
    var info = stat()
    if fstat(descriptor, &info) == 0, info.st_mode & S_IFMT == S_IFDIR {
      throw WarrenError(.invalidArgument, "\(file) is a directory; make an archive of it first, for example with 'tar -C \(file) -c .'")
    }
    if descriptor == 0, node.count > 1 {
      throw WarrenError(.invalidArgument, "standard input can be read once only; name an archive to load it on several nodes")
    }
    var images: [Warren_V1_Image] = []
    let isTable = format.output == .table && !format.quiet
    for (number, node) in (node.isEmpty ? [""] : node).enumerated() {
      if number > 0, lseek(descriptor, 0, SEEK_SET) != 0 {
        throw WarrenError(.invalidArgument, "\(file) can be read once only; name an archive to load it on several nodes")
      }
      let loaded = try await load(descriptor, on: node)
      images += loaded
      if isTable { for image in loaded { Terminal.line("✓ Image loaded\(node.isEmpty ? "" : " on \(node)"): \(image.reference)") } }
    }
    if isTable { return }
    Terminal.write(try Output.render(images, rows: images.map(ImageRow.init), format: format.output, quiet: format.quiet))
  }

  private func load(_ descriptor: Int32, on node: String) async throws -> [Warren_V1_Image] {
    let call = options.streamOptions
    let file = file
    // The call that it breaks would only say that it was broken.
    let unreadable = Mutex<(any Error)?>(nil)
    do {
      return try await options.withClient { client in
        try await client.stream { stub in
          try await stub.loadImage(options: call) { writer in
            try await writer.write(.with { $0.nodeID = node })
            while true {
              let chunk: [UInt8]
              do { chunk = try Self.read(descriptor, file) } catch {
                unreadable.withLock { $0 = error }
                throw error
              }
              if chunk.isEmpty { return }
              try await writer.write(.with { $0.chunk = .init(chunk) })
            }
          }.images
        }
      }
    } catch { throw unreadable.withLock { $0 } ?? error }
  }

  private static func read(_ descriptor: Int32, _ file: String) throws -> [UInt8] {
    while true {
      var failure: Int32 = 0
      let chunk = [UInt8](unsafeUninitializedCapacity: 256 << 10) { buffer, count in
        let read = Glibc.read(descriptor, buffer.baseAddress, buffer.count)
        failure = read < 0 ? errno : 0
        count = max(0, read)
      }
      if failure == 0 { return chunk }
      guard failure == EINTR else {
        throw WarrenError(
          .failedPrecondition, "\(file) cannot be read; \(String(cString: strerror(failure))); name an archive, or - for standard input")
      }
    }
  }
}
