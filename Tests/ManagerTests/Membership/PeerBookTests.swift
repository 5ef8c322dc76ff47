import ClusterModel
import Foundation
import Logging
import Raft
import RaftTransport
import Testing

@testable import Manager

@Suite struct PeerBookTests {
  private let directory = NSTemporaryDirectory() + "warren-book-" + UUID().uuidString
  private let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

  private func book() throws -> PeerBook { try PeerBook(dataDirectory: directory, logger: logger) }

  private func manager(_ id: NodeID, _ member: UInt64, at address: String) -> ClusterNode {
    var node = ClusterNode(id: id, roles: [.manager], description: NodeDescription(hostname: "h"))
    (node.memberID, node.raftAddress, node.apiAddress) = (member, address, "api:1")
    return node
  }

  @Test func whatTheStoreSaidIsKnownAfterARestart() throws {
    defer { try? FileManager.default.removeItem(atPath: directory) }
    try book().update(from: [manager("m1", 1, at: "a:1"), manager("m2", 2, at: "b:1")])
    let later = try book()
    #expect(later.member(of: "m2") == 2 && later.entry(of: 1)?.raftAddress == "a:1" && later.member(of: "m3") == nil)
    let mode = try FileManager.default.attributesOfItem(atPath: directory + "/managers.json")[.posixPermissions] as? Int
    #expect(mode == 0o600)
  }

  @Test func aMemberThatMovedIsFoundUntilTheStoreKnowsBetter() throws {
    defer { try? FileManager.default.removeItem(atPath: directory) }
    let first = try book()
    first.update(from: [manager("m1", 1, at: "a:1"), manager("m2", 2, at: "b:1")])
    first.moved(2, to: HostPort(host: "c", port: 1))
    first.moved(9, to: HostPort(host: "c", port: 1))
    #expect(first.entry(of: 2)?.raftAddress == "c:1")
    // Somebody else's change must not bring the old address back.
    first.update(from: [manager("m1", 1, at: "d:1"), manager("m2", 2, at: "b:1")])
    #expect(first.entry(of: 2)?.raftAddress == "c:1" && first.entry(of: 1)?.raftAddress == "d:1")
    #expect(try book().entry(of: 2)?.raftAddress == "c:1")
    first.update(from: [manager("m1", 1, at: "d:1"), manager("m2", 2, at: "e:1")])
    #expect(first.entry(of: 2)?.raftAddress == "e:1")
  }

  @Test func workersAndAnEmptyStoreSayNothing() throws {
    defer { try? FileManager.default.removeItem(atPath: directory) }
    let book = try book()
    book.update(from: [manager("m1", 1, at: "a:1"), ClusterNode(id: "w", roles: [.worker], description: NodeDescription(hostname: "h"))])
    book.update(from: [])
    #expect(book.entries.map(\.node) == ["m1"])
  }

  @Test func aFileThatCannotBeReadIsRefusedAndNamed() throws {
    defer { try? FileManager.default.removeItem(atPath: directory) }
    try PeerBook.write([], dataDirectory: directory)
    try Data("nonsense".utf8).write(to: URL(fileURLWithPath: directory + "/managers.json"))
    let error = #expect(throws: WarrenError.self) { try book() }
    #expect(error?.code == .dataLoss && error?.message.contains("managers.json") == true)
  }
}
