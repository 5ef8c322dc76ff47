import ClusterModel
import Subprocess

/// Undoes the compression of an archive, recognised by its first bytes.
///
/// By the gzip and zstd programs: gzip is on every Linux machine, neither library has a maintained Swift binding that streams, and a
/// decompressor fed with outside data is better off in a process of its own. Memory is bounded by the pipes.
enum Decompression: String, Sendable {
  case gzip, zstd

  init?(magic: [UInt8]) {
    if magic.starts(with: [0x1f, 0x8b]) { self = .gzip } else if magic.starts(with: [0x28, 0xb5, 0x2f, 0xfd]) { self = .zstd } else { return nil }
  }

  /// What to call a layer with this compression, after `application/vnd.oci.image.layer.v1.tar`.
  var layerSuffix: String { "+\(rawValue)" }

  /// Runs `body` on the plain bytes of `archive`. It must read to the end.
  /// - Throws: what `body` throws, or `WarrenError` if the compressed data is damaged.
  static func read<R: Sendable>(
    _ archive: AsyncThrowingStream<[UInt8], any Error>, _ body: (any AsyncSequence<[UInt8], any Error> & Sendable) async throws -> R
  ) async throws -> R {
    var head: [UInt8] = []
    while head.count < 4, let chunk = try await archive.first(where: { _ in true }) { head += chunk }
    guard !head.isEmpty else { throw TarReader.damaged("it is empty") }
    let whole = Resumed(head: head, rest: archive)
    guard let format = Decompression(magic: head) else { return try await body(whole) }
    return try await format.filter(whole, body)
  }

  private func filter<R: Sendable>(_ compressed: Resumed, _ body: (any AsyncSequence<[UInt8], any Error> & Sendable) async throws -> R) async throws
    -> R
  {
    let program = rawValue
    let outcome: Result<R, any Error>
    let status: TerminationStatus
    let complaint: String
    do {
      let run = try await run(
        .name(program), arguments: ["-d", "-c", "-q"], input: .inputWriter, output: .sequence, error: .string(limit: 65536)
      ) { execution -> Result<R, any Error> in
        async let fed: Void = {
          for try await chunk in compressed { _ = try await execution.standardInputWriter.write(chunk) }
          try await execution.standardInputWriter.finish()
        }()
        do {
          let result = try await body(execution.standardOutput.map { $0.withUnsafeBytes { Array($0) } })
          try await fed
          return .success(result)
        } catch {
          return .failure(error)
        }
      }
      (outcome, status, complaint) = (run.closureResult, run.terminationStatus, run.standardError)
    } catch let error as SubprocessError {
      try Task.checkCancellation()
      throw WarrenError(
        .failedPrecondition, "cannot run \(program) to read the compressed archive: install it (apt install \(program)), or load it uncompressed.",
        cause: error)
    }
    try Task.checkCancellation()
    if !status.isSuccess, !complaint.isEmpty {
      throw TarReader.damaged("\(complaint.split(separator: "\n").first.map(String.init) ?? "its compressed data is damaged")")
    }
    let result = try outcome.get()
    guard status.isSuccess else { throw TarReader.damaged("its compressed data is damaged") }
    return result
  }

  /// A stream of which some has been read already.
  private struct Resumed: AsyncSequence, Sendable {
    typealias Element = [UInt8]
    typealias Failure = any Error

    let head: [UInt8]
    let rest: AsyncThrowingStream<[UInt8], any Error>

    struct AsyncIterator: AsyncIteratorProtocol {
      var head: [UInt8]?
      var rest: AsyncThrowingStream<[UInt8], any Error>.AsyncIterator

      mutating func next() async throws -> [UInt8]? {
        if let first = head.take() { return first }
        return try await rest.next()
      }
    }

    func makeAsyncIterator() -> AsyncIterator { AsyncIterator(head: head, rest: rest.makeAsyncIterator()) }
  }
}
