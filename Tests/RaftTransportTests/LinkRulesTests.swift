import Raft
import RaftTransport
import TestKit
import Testing

@Suite struct LinkRulesTests {
  @Test func backoffBeginsFastAndGrowsToASecond() {
    var dice = SeededGenerator(seed: 1)
    var backoff = Backoff()
    #expect(hurry(&backoff, at: .zero))
    let delays = (0..<20).map { _ in backoff.next(&dice) }
    #expect(delays.prefix(3) == [.zero, .milliseconds(2), .milliseconds(3)])
    for (step, delay) in delays.dropFirst(3).enumerated() {
      let nominal = min(Duration.milliseconds(10) * (1 << min(step, 7)), .seconds(1))
      #expect((nominal * 0.75...nominal * 1.25).contains(delay))
    }
    #expect(Set(delays.suffix(5)).count > 1, "not all members come back at the same moment")
  }

  /// Macros take no mutation.
  private func hurry(_ backoff: inout Backoff, at now: Duration) -> Bool { backoff.hurry(at: now) }

  @Test func backoffHurriesAFewTimesAndThenFourTimesASecond() {
    var dice = SeededGenerator(seed: 1)
    var backoff = Backoff()
    for _ in 0..<8 {
      #expect(hurry(&backoff, at: .seconds(5)))
      let delay = backoff.next(&dice)
      #expect(delay == .zero)
    }
    #expect(!hurry(&backoff, at: .seconds(5.1)))
    var delay = backoff.next(&dice)
    #expect(delay == .milliseconds(2), "goes on as it was")
    backoff.ended(at: .seconds(5.2))
    delay = backoff.next(&dice)
    #expect(delay >= .milliseconds(7.5), "connections that end all the time count as failures")
    backoff.ended(at: .seconds(5.25))
    delay = backoff.next(&dice)
    #expect(delay == .zero)
    #expect(!hurry(&backoff, at: .seconds(5.4)))
    let later = (0..<9).map { _ in hurry(&backoff, at: .seconds(60)) }
    #expect(later == Array(repeating: true, count: 8) + [false])
  }

  private enum Event {
    case connected
    case ended(LossDetector.End)
    case failed
    case answered
  }

  /// At which of the events, counted from 1, the member counts as lost.
  private func losses(_ events: [Event]) -> [Int] {
    var loss = LossDetector()
    return events.enumerated().filter { event in
      switch event.element {
      case .connected: loss.connected()
      case .ended(let end): return loss.ended(end)
      case .failed: return loss.failed()
      case .answered: loss.answered()
      }
      return false
    }.map { $0.offset + 1 }
  }

  @Test func aMemberIsLostOnceWhenAllEndedAndNobodyAnswers() {
    #expect(losses([.failed, .failed, .failed, .failed]) == [], "it never was there")
    #expect(losses([.connected, .ended(.byPeer), .failed, .failed, .failed, .failed]) == [5], "the third attempt, and not again")
    #expect(losses([.connected, .connected, .ended(.byPeer), .failed, .failed, .failed, .ended(.byPeer)]) == [7], "one was left")
    let death: [Event] = [.connected, .ended(.byPeer), .failed, .failed, .failed]
    #expect(losses(death + death) == [5, 10])
  }

  @Test func anAnswerIsLife() {
    #expect(losses([.connected, .ended(.byPeer), .failed, .failed, .answered, .failed, .failed, .connected, .failed, .failed, .failed]) == [])
  }

  @Test func silenceIsNoLoss() {
    for end in [LossDetector.End.silence, .here] {
      #expect(losses([.connected, .connected, .ended(end), .ended(.byPeer), .failed, .failed, .failed, .failed]) == [])
    }
  }

  @Test func queuesHoldToTheirLimits() {
    var queue = SendQueue(limit: .init(messages: 10, bytes: 5000))
    let small = Message(.heartbeat, to: 2, from: 1, term: 1)
    let large = Message(.append, to: 2, from: 1, term: 1, entries: [Entry(term: 1, index: 1, data: Array(repeating: 1, count: 6000))])
    let early = queue.add(small)
    #expect(!early, "there is no connection")
    queue.isOpen = true
    let first = [queue.add(large), queue.add(small)]
    #expect(first == [true, false], "one always fits: else it never would")
    let taken = queue.take(1)
    #expect(taken == [large] && queue.isEmpty && queue.bytes == 0)
    let many = (0..<20).filter { _ in queue.add(small) }
    #expect(many.count == 10)
    let two = queue.take(100)
    #expect(two.count == 2)
    let dropped = queue.close()
    #expect(dropped == 8 && queue.bytes == 0)
  }

  @Test func appendsTravelTogether() {
    #expect(Purpose(of: Message(.append)) == .bulk)
    #expect(Purpose(of: Message(.propose)) == .bulk)
    #expect(Purpose(of: Message(.snapshot)) == .snapshot)
    #expect(Purpose(of: Message(.storageApplyResponse)) == nil)
    for kind: Message.Kind in [.heartbeat, .heartbeatResponse, .vote, .preVote, .appendResponse, .timeoutNow, .readIndex, .transferLeader] {
      #expect(Purpose(of: Message(kind)) == .control)
    }
  }
}
