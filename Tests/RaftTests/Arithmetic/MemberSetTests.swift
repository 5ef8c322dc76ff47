import Testing

@testable import Raft

@Suite struct MemberSetTests {
  @Test func behavesLikeASortedSet() {
    var random = SeededRandom(1)
    var set = MemberSet()
    var model: Set<MemberID> = []
    for _ in 0..<2_000 {
      let member = MemberID(rawValue: .random(in: 1...12, using: &random))
      if random.chance(50) {
        set.insert(member)
        model.insert(member)
      } else {
        set.remove(member)
        model.remove(member)
      }
      #expect(Array(set) == model.sorted())
      #expect(set.contains(member) == model.contains(member))
      let other = MemberSet((0..<4).map { _ in MemberID(rawValue: .random(in: 1...12, using: &random)) })
      #expect(Set(set.union(other)) == model.union(other))
      #expect(set.differences(from: other) == model.symmetricDifference(other).count)
    }
  }

  @Test func equalWhateverTheOrder() {
    #expect(MemberSet([3, 1, 2, 1]) == [1, 2, 3])
    #expect(MemberSet([3, 1]).description != "")
  }
}

extension MemberSet {
  fileprivate var description: String { map(\.description).joined(separator: ",") }
}
