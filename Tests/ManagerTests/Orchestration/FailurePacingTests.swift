import ClusterModel
import Testing

@testable import Manager

@Suite struct FailurePacingTests {
  private func at(_ seconds: Int64) -> Timestamp { Timestamp(seconds: 1_700_000_000 + seconds) }

  @Test func oneThatGoesOnIsToldAtGrowingDistancesAndOnceWhenItIsOver() {
    var pacing = FailurePacing()
    var lines: [Int64: Int] = [:]
    for second in 0..<3600 {
      if let untold = pacing.failed(["a"], placement: true, code: .resourceExhausted, now: at(Int64(second))) { lines[Int64(second)] = untold }
    }
    #expect(lines.keys.sorted() == [0, 2, 6, 14, 30, 62, 126, 254, 510, 1022, 1622, 2222, 2822, 3422])
    #expect(lines.values.reduce(lines.count, +) == 3423, "each is counted once")
    #expect(pacing.succeeded(["a"], placement: false, now: at(3600)) == nil, "placement is not done yet")
    let end = pacing.succeeded([], placement: true, now: at(3601))
    #expect(end?.lasted == .seconds(3601) && end?.failures == 3600)
    #expect(pacing.succeeded(["a"], placement: true, now: at(3602)) == nil)
    #expect(pacing.failed(["a"], placement: false, code: .resourceExhausted, now: at(3603)) == 0)
  }

  @Test func anotherReasonIsToldAtOnce() {
    var pacing = FailurePacing()
    #expect(pacing.failed(["a"], placement: false, code: .resourceExhausted, now: at(0)) == 0)
    #expect(pacing.failed(["a"], placement: false, code: .resourceExhausted, now: at(1)) == nil)
    #expect(pacing.failed(["a"], placement: false, code: .unavailable, now: at(1)) == 1)
    #expect(pacing.succeeded(["b"], placement: true, now: at(2)) == nil, "another service's luck")
    #expect(pacing.succeeded(["a"], placement: false, now: at(2))?.failures == 3)
  }
}
