import ClusterModel
import Testing

@testable import Worker

struct LinkPulseTests {
  private static func untilLost(_ pulse: inout LinkPulse, heardEach: Bool = false) -> (Duration, beats: Int) {
    var (passed, beats) = (Duration.zero, 0)
    while true {
      passed += pulse.interval
      switch pulse.tick() {
      case .lost: return (passed, beats)
      case .heartbeat: beats += 1
      case .nothing: break
      }
      if heardEach { pulse.heard() }
    }
  }

  @Test func aDialThatNobodyAnswersTakesTwoSeconds() {
    var pulse = LinkPulse()
    #expect(Self.untilLost(&pulse).0 == .seconds(2))
  }

  @Test func aManagerThatLivesButOpensNothingIsLeft() {
    var pulse = LinkPulse()
    pulse.heard()
    #expect(Self.untilLost(&pulse, heardEach: true).0 == .seconds(5))
  }

  @Test func silenceIsNoticedWithinTwoSecondsAndHeartbeatsGoOut() {
    var pulse = LinkPulse()
    pulse.heard()
    pulse.opened(workerInterval: .seconds(2), managerInterval: .milliseconds(500))
    var beats = 0
    for _ in 0..<400 {
      if pulse.tick() == .heartbeat { beats += 1 }
      pulse.heard()
    }
    #expect(beats == 100)
    let (passed, more) = Self.untilLost(&pulse)
    #expect(passed == .milliseconds(1500) && more == 0)
  }

  @Test func anIntervalWithoutSenseIsNotFollowed() {
    for interval in [Duration.zero, .seconds(-1), .seconds(1_000_000)] {
      var pulse = LinkPulse()
      pulse.heard()
      pulse.opened(workerInterval: interval, managerInterval: interval)
      #expect((.milliseconds(50)...(.seconds(60))).contains(pulse.interval))
    }
  }
}
