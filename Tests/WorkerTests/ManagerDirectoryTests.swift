import ClusterModel
import TestKit
import Testing

@testable import Worker

struct ManagerDirectoryTests {
  private static func managers(_ weights: [String: Int]) -> [ManagerAddress] {
    weights.sorted { $0.key < $1.key }.map { ManagerAddress(node: NodeID($0.key), address: $0.key, weight: $0.value) }
  }

  private static func firsts(_ directory: ManagerDirectory, of count: Int) -> [String: Int] {
    var generator = SeededGenerator(seed: 1)
    var firsts: [String: Int] = [:]
    for _ in 0..<count { firsts[directory.order { .random(in: 0..<1, using: &generator) }[0], default: 0] += 1 }
    return firsts
  }

  @Test func workersSpreadByWeight() {
    var directory = ManagerDirectory(seeds: ["a"])
    _ = directory.learn(Self.managers(["a": 1, "b": 3, "c": 0]))
    let firsts = Self.firsts(directory, of: 4000)
    #expect(firsts["c"] == nil)
    #expect((900..<1100).contains(firsts["a"] ?? 0), "a quarter: \(firsts)")
  }

  @Test func everyAddressIsTriedOnceAndSeedsLast() {
    var directory = ManagerDirectory(seeds: ["lb", "b"])
    #expect(directory.order { 0.5 }.sorted() == ["b", "lb"])
    _ = directory.learn(Self.managers(["a": 1, "b": 1]))
    for _ in 0..<10 {
      let order = directory.order { .random(in: 0..<1) }
      #expect(order.count == 3 && order.last == "lb")
    }
  }

  @Test func whatFailedIsTriedAfterTheOthersUntilItWorks() {
    var directory = ManagerDirectory(seeds: [])
    _ = directory.learn(Self.managers(["a": 100, "b": 1, "c": 1]))
    directory.failed("a")
    for _ in 0..<10 { #expect(directory.order { .random(in: 0..<1) }.last == "a") }
    directory.worked("a")
    #expect((Self.firsts(directory, of: 100)["a"] ?? 0) > 80)
  }

  @Test func listsThatSayNothingAreNotNews() {
    var directory = ManagerDirectory(seeds: ["a"])
    let one = Self.managers(["a": 1])
    let many = (0..<1000).map { ManagerAddress(node: NodeID("m\($0)"), address: "m\($0):1") }
    let news = [[], [ManagerAddress(node: "x", address: "")], one, one, many].map { directory.learn($0) }
    #expect(news == [false, false, true, false, true])
    #expect(directory.learned.count == ManagerDirectory.most)
  }
}
