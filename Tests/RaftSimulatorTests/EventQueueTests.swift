import SimulationEngine
import Testing

@Suite struct EventQueueTests {
  @Test func eventsComeInTheOrderOfTimeThenOfScheduling() {
    var random = SimulationRandom(seed: 1)
    var queue = EventQueue<Int>()
    var expected: [(time: Int, number: Int)] = []
    for number in 0..<1000 {
      let time = random.int(in: 0..<50)
      queue.schedule(number, at: time)
      expected.append((time, number))
    }
    expected.sort { ($0.time, $0.number) < ($1.time, $1.number) }
    for event in expected {
      let next = queue.next()
      #expect(next?.time == event.time)
      #expect(next?.event == event.number)
    }
    #expect(queue.next() == nil)
    #expect(queue.isEmpty)
  }

  @Test func slotsAreUsedAgain() {
    var queue = EventQueue<String>()
    queue.schedule("later", at: 10)
    for number in 0..<100 {
      queue.schedule("\(number)", at: 1)
      #expect(queue.next()?.event == "\(number)")
    }
    #expect(queue.next()?.event == "later")
  }

  @Test func aSeedRepeatsItself() {
    var one = SimulationRandom(seed: 7)
    var other = SimulationRandom(seed: 7)
    #expect((0..<100).map { _ in one.int(in: 0...9) } == (0..<100).map { _ in other.int(in: 0...9) })
    #expect(Set((0..<1000).map { _ in one.int(in: 3...5) }) == [3, 4, 5])
  }
}
