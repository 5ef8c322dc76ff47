import ClusterModel
import NIOCore

/// Reads a tar archive as it streams by, in memory bounded by one chunk of the source.
///
/// Ours, because no maintained package reads tar from an asynchronous stream. Understands ustar, pax (path, linkpath, size) and GNU's
/// long names; sparse files are refused. Paths come out normalised and cannot leave the archive.
actor TarReader {
  struct Entry: Hashable, Sendable {
    enum Kind: Hashable, Sendable { case file, directory, hardLink, symbolicLink, other }

    var path: String
    var kind: Kind
    /// Where a link points to, normalised to a path of the archive.
    var link: String
    var size: Int64
  }

  private static let maximumRecord = 1 << 20
  private static let chunk = 1 << 18

  private var source: (any AsyncIteratorProtocol<[UInt8], any Error>)?
  private var buffer = ByteBuffer()
  /// Bytes of the current entry not read yet, and the padding behind them.
  private var remaining: Int64 = 0
  private var padding = 0
  private var globalRecords: [String: String] = [:]

  init(_ source: some AsyncSequence<[UInt8], any Error> & Sendable) {
    self.source = source.makeAsyncIterator()
  }

  /// - Returns: nil at the end; the source is read to its end then.
  func next() async throws -> Entry? {
    try await finishEntry()
    var records = globalRecords
    var longPath: String?
    var longLink: String?
    while true {
      guard try await fill(TarHeader.size) else {
        // Some tools leave out the zero blocks at the end: fine exactly at a header.
        if buffer.readableBytes == 0 { return nil }
        throw Self.truncated
      }
      guard let header = try TarHeader(buffer.readBytes(length: TarHeader.size) ?? []) else {
        while try await fill(buffer.readableBytes + 1) { buffer.clear() }
        return nil
      }
      switch header.type {
      case UInt8(ascii: "x"): records.merge(try await paxRecords(header)) { $1 }
      case UInt8(ascii: "g"):
        globalRecords.merge(try await paxRecords(header)) { $1 }
        records.merge(globalRecords) { $1 }
      case UInt8(ascii: "L"): longPath = try await longName(header)
      case UInt8(ascii: "K"): longLink = try await longName(header)
      default: return try entry(header, path: records["path"] ?? longPath, link: records["linkpath"] ?? longLink, size: records["size"])
      }
    }
  }

  /// The next bytes of the current entry; nil at its end.
  func read() async throws -> ByteBuffer? {
    guard remaining > 0 else { return nil }
    if buffer.readableBytes == 0, !(try await fill(1)) { throw Self.truncated }
    let count = Int(min(Int64(min(buffer.readableBytes, Self.chunk)), remaining))
    remaining -= Int64(count)
    return buffer.readSlice(length: count)
  }

  /// The whole current entry.
  func readAll(limit: Int) async throws -> [UInt8] {
    guard remaining <= Int64(limit) else { throw Self.damaged("a document in it is larger than \(limit >> 20) MiB") }
    var bytes: [UInt8] = []
    while let chunk = try await read() { bytes += chunk.readableBytesView }
    return bytes
  }

  private func finishEntry() async throws {
    while try await read() != nil {}
    guard try await fill(padding) else { throw Self.truncated }
    buffer.moveReaderIndex(forwardBy: padding)
    padding = 0
  }

  private func begin(_ size: Int64) {
    remaining = size
    padding = Int((512 - size % 512) % 512)
  }

  private func entry(_ header: TarHeader, path: String?, link: String?, size: String?) throws -> Entry {
    let kind: Entry.Kind =
      switch header.type {
      case UInt8(ascii: "0"), UInt8(ascii: "7"): .file
      case UInt8(ascii: "1"): .hardLink
      case UInt8(ascii: "2"): .symbolicLink
      case UInt8(ascii: "5"): .directory
      case UInt8(ascii: "S"): throw Self.damaged("it holds a sparse file, which is not supported")
      default: .other
      }
    guard let length = size.map({ Int64($0) }) ?? header.size, length >= 0 else { throw Self.damaged("a size is not a number") }
    begin(kind == .file || kind == .other ? length : 0)
    let normal = try Self.normalize(path ?? header.path)
    let target = link ?? header.link
    let directory = normal.lastIndex(of: "/").map { String(normal[...$0]) } ?? ""
    let resolved =
      switch kind {
      case .hardLink: try Self.normalize(target)
      case .symbolicLink: try Self.normalize(directory + target)
      default: ""
      }
    return Entry(path: normal, kind: kind, link: resolved, size: remaining)
  }

  /// `length key=value\n`, repeated.
  private func paxRecords(_ header: TarHeader) async throws -> [String: String] {
    var bytes = try await record(header)[...]
    var records: [String: String] = [:]
    while !bytes.isEmpty {
      guard let space = bytes.firstIndex(of: UInt8(ascii: " ")), let length = Int(String(decoding: bytes[..<space], as: UTF8.self)),
        length > space - bytes.startIndex + 1, length <= bytes.count, bytes[bytes.startIndex + length - 1] == UInt8(ascii: "\n"),
        let equals = bytes[space...].firstIndex(of: UInt8(ascii: "=")), equals < bytes.startIndex + length
      else { throw Self.damaged("an extended header is malformed") }
      let end = bytes.startIndex + length
      let key = String(decoding: bytes[(space + 1)..<equals], as: UTF8.self)
      if key.hasPrefix("GNU.sparse.") { throw Self.damaged("it holds a sparse file, which is not supported") }
      records[key] = String(decoding: bytes[(equals + 1)..<(end - 1)], as: UTF8.self)
      bytes = bytes[end...]
    }
    return records
  }

  private func longName(_ header: TarHeader) async throws -> String {
    String(decoding: try await record(header).prefix { $0 != 0 }, as: UTF8.self)
  }

  private func record(_ header: TarHeader) async throws -> [UInt8] {
    begin(header.size)
    let bytes = try await readAll(limit: Self.maximumRecord)
    try await finishEntry()
    return bytes
  }

  /// Reads on until `count` bytes are in the buffer; false if the source ends before.
  private func fill(_ count: Int) async throws -> Bool {
    while buffer.readableBytes < count {
      // Taken out meanwhile: an actor may not mutate its own state across a suspension.
      guard var iterator = source else { return false }
      source = nil
      guard let chunk = try await iterator.next(isolation: self) else {
        // A cancelled stream looks like one that has ended.
        try Task.checkCancellation()
        return false
      }
      source = iterator
      if buffer.readableBytes == 0 { buffer.clear() }
      buffer.writeBytes(chunk)
    }
    return true
  }

  /// Without `.` and empty parts.
  static func normalize(_ path: String) throws -> String {
    guard !path.hasPrefix("/") else { throw damaged("the path \"\(path.prefix(200))\" is absolute") }
    var parts: [Substring] = []
    for part in path.split(separator: "/") where part != "." {
      if part == ".." {
        guard parts.popLast() != nil else { throw damaged("the path \"\(path.prefix(200))\" leads out of the archive") }
      } else {
        parts.append(part)
      }
    }
    return parts.joined(separator: "/")
  }

  static func damaged(_ reason: String) -> WarrenError {
    WarrenError(.invalidArgument, "the image archive cannot be read: \(reason). Make it again, for example with docker save or skopeo copy.")
  }

  static var truncated: WarrenError { damaged("it ends too early or is not a tar archive") }
}
