import Foundation
import Testing
import raft_script

/// Every recorded directive goes through the code of `raft-script --json`, and every node's whole state is compared after each.
@Suite struct ConformanceTests {
  /// One scenario of a vector file.
  struct Scenario: Sendable, CustomTestStringConvertible {
    var name: String
    var directives: [JSONValue]
    var testDescription: String { name }
  }

  static func scenarios(_ file: String) -> [Scenario] {
    let url = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../Vectors/\(file)").standardizedFileURL
    guard let data = try? Data(contentsOf: url), let json = try? JSONReader.read(Array(data)) else { return [] }
    return (json.array ?? []).map {
      Scenario(name: $0["scenario"]?.string ?? "", directives: $0["directives"]?.array ?? [])
    }
  }

  @Test func allVectorsAreThere() {
    #expect(Self.scenarios("quorum-confchange.json").map(\.directives.count).reduce(0, +) == 185)
    let interaction = Self.scenarios("interaction.json")
    #expect(interaction.count == 15)
    #expect(interaction.map(\.directives.count).reduce(0, +) == 322)
  }

  @Test(arguments: scenarios("quorum-confchange.json"))
  func arithmetic(of scenario: Scenario) throws {
    var door = JSONDoor()
    for directive in scenario.directives {
      let answer = door.answer(directive.description)
      #expect(answer["expect"] == directive["expect"], "\(directive)")
      #expect(answer["nodes"] == .object([:]))
    }
  }

  @Test(arguments: scenarios("interaction.json"))
  func interaction(in scenario: Scenario) throws {
    var door = JSONDoor()
    var nodes: [String: JSONValue] = [:]
    for directive in scenario.directives {
      nodes.merge(directive["changed"]?.object ?? [:], uniquingKeysWith: { _, changed in changed })
      let answer = door.answer(directive.description)
      let place: Comment = "line \(directive["line"] ?? .null): \(directive["cmd"] ?? .null)"
      for (id, expected) in nodes {
        try #require(answer["nodes"]?[id] == expected, place)
      }
      #expect(answer["nodes"]?.object?.count == nodes.count, place)
      try #require(door.session.inflight == directive["inflight"], place)
      #expect(door.session.readyNodes == directive["hasReady"], place)
    }
  }
}
