import ClusterModel

/// How fast members notice that another one is gone, in ticks of Raft's clock.
package struct RaftTiming: Sendable, Hashable {
  /// Nil: nobody but `RaftMember.tick()` moves the clock, as in tests.
  package var tick: Duration?
  package var heartbeatTicks: Int
  /// A follower that hears nothing for so long, up to twice as long, begins an election.
  package var electionTicks: Int
  /// After a closed connection to the leader. Drawn from 0 up to this, so that two members rarely ask at once.
  package var hintJitterTicks: Int
  package var candidateRetryTicks: ClosedRange<Int>
  /// A leader whose disk has not finished a write for so long hands leadership over.
  package var stalledDiskTicks: Int
  /// Proposals and reads fail when their outcome is not known after so long: a second less than the five that people are to wait for it. By
  /// the clock, not in ticks, of which a busy machine misses some.
  package var requestTime: Duration
  /// They are sent again after so long: what carried them may be lost.
  package var requestRetryTicks: Int
  /// A leader that is shutting down waits at most so long for another to take over.
  package var handOverTicks: Int

  /// Managers in one place: heartbeats each 50 ms, elections after 300 to 600 ms.
  package static let lan = RaftTiming(scale: 1)
  /// Managers far apart: five times that.
  package static let wan = RaftTiming(scale: 5)

  private init(scale: Int) {
    tick = .milliseconds(10)
    heartbeatTicks = 5 * scale
    electionTicks = 30 * scale
    hintJitterTicks = 5
    candidateRetryTicks = 5 * scale...15 * scale
    stalledDiskTicks = 200
    requestTime = .seconds(4)
    requestRetryTicks = 20 * scale
    handOverTicks = 100 * scale
  }
}
