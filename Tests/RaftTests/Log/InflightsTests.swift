import Testing

@testable import Raft

@Suite struct InflightsTests {
  @Test func behavesLikeAQueue() {
    var random = SeededRandom(1)
    for _ in 0..<50 {
      var window = Inflights(messageLimit: .random(in: 1...8, using: &random), byteLimit: random.chance(50) ? 100 : 0)
      var model: [(last: LogIndex, bytes: Int)] = []
      var next: LogIndex = 1
      for _ in 0..<300 {
        let isFull = model.count >= window.messageLimit || (window.byteLimit > 0 && model.map(\.bytes).reduce(0, +) >= window.byteLimit)
        #expect(window.isFull == isFull)
        #expect(window.count == model.count)
        if random.chance(60), !isFull {
          let bytes = Int.random(in: 0...40, using: &random)
          next += .random(in: 1...3, using: &random)
          window.add(next, bytes: bytes)
          model.append((next, bytes))
        } else {
          let index = LogIndex.random(in: 0...next + 2, using: &random)
          window.free(through: index)
          model.removeAll { $0.last <= index }
        }
        if random.chance(1) {
          window.reset()
          model = []
        }
      }
    }
  }

  @Test func oneMessageMayExceedTheBytes() {
    var window = Inflights(messageLimit: 10, byteLimit: 100)
    window.add(1, bytes: 99)
    #expect(!window.isFull)
    window.add(2, bytes: 1000)
    #expect(window.isFull)
    window.free(through: 2)
    #expect(!window.isFull && window.count == 0)
  }
}
