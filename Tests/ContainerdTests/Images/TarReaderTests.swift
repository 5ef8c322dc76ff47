import ClusterModel
import Foundation
import TestKit
import Testing

@testable import Containerd

@Suite struct TarReaderTests {
  private static func read(_ bytes: [UInt8], pieces: Int = 100) async throws -> [String] {
    let reader = TarReader(AsyncThrowingStream.pieces(of: bytes, size: pieces))
    var lines: [String] = []
    while let entry = try await reader.next() {
      let content = entry.kind == .file ? String(decoding: try await reader.readAll(limit: 1 << 20), as: UTF8.self) : entry.link
      lines.append("\(entry.kind) \(entry.path) \(content)")
    }
    return lines
  }

  @Test(arguments: [1, 7, 512, 100_000]) func readsWhateverTheChunks(size: Int) async throws {
    var tar = TarWriter()
    tar.directory("./a/")
    tar.file("./a/x", Array("one".utf8))
    tar.file("empty", [])
    tar.symbolicLink("a/link", to: "../b/y")
    tar.hardLink("hard", to: "a/x")
    let long = String(repeating: "d/", count: 80) + "name"
    tar.entry("././@LongLink", type: "L", Array(long.utf8) + [0])
    tar.file("cut", Array("two".utf8))
    let record = "path=\(long)2\n"
    tar.entry("pax", type: "x", Array("\(record.utf8.count + 4) \(record)".utf8))
    tar.file("cut", [UInt8](repeating: 65, count: 1000))
    let expected = [
      "directory a ", "file a/x one", "file empty ", "symbolicLink a/link b/y", "hardLink hard a/x", "file \(long) two",
      "file \(long)2 \(String(repeating: "A", count: 1000))",
    ]
    #expect(try await Self.read(tar.finish(), pieces: size) == expected)
    // Without the blocks of zeros at the end, too.
    #expect(try await Self.read(Array(tar.finish().dropLast(1024)), pieces: size) == expected)
  }

  @Test(arguments: ["../x", "/x", "a/../../x"]) func refusesToLeaveTheArchive(path: String) async {
    var tar = TarWriter()
    tar.file(path, [1])
    let bytes = tar.finish()
    await #expect(throws: WarrenError.self) { try await Self.read(bytes) }
    var link = TarWriter()
    link.symbolicLink("a", to: path.hasPrefix("a") ? "../x" : path)
    let other = link.finish()
    await #expect(throws: WarrenError.self) { try await Self.read(other) }
  }

  @Test func survivesAnyDamage() async throws {
    var tar = TarWriter()
    tar.entry("pax", type: "x", Array("12 path=abcd\n".utf8))
    tar.file("x", [UInt8](repeating: 1, count: 700))
    let whole = tar.finish()
    var generator = SystemRandomNumberGenerator()
    for _ in 0..<300 {
      var bytes = whole
      for _ in 0..<Int.random(in: 1...4, using: &generator) {
        bytes[Int.random(in: 0..<bytes.count, using: &generator)] = .random(in: 0...255, using: &generator)
      }
      if Bool.random(using: &generator) { bytes = Array(bytes.prefix(Int.random(in: 0...bytes.count, using: &generator))) }
      do { _ = try await Self.read(bytes) } catch is WarrenError {}
    }
  }

  @Test func readsLargeNumbers() throws {
    var block = [UInt8](repeating: 0, count: 512)
    block.replaceSubrange(0..<1, with: Array("x".utf8))
    block.replaceSubrange(124..<136, with: [0x80, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 1])
    block.replaceSubrange(148..<156, with: Array("        ".utf8))
    let sum = String(block.reduce(0) { $0 + Int($1) }, radix: 8)
    block.replaceSubrange(148..<156, with: Array((String(repeating: "0", count: 7 - sum.count) + sum).utf8) + [0])
    #expect(try TarHeader(block)?.size == 0x2_0000_0001)
    block[130] = 9
    #expect(throws: WarrenError.self) { try TarHeader(block) }
  }
}
