import Raft

/// Which learners may be given a vote: those that were there and up to date at each look for long enough. One that comes and goes, or falls back
/// under load, would cost the others their quorum at the next loss. Pure; the leader looks at steady intervals.
struct LearnerTrial {
  /// A learner that lacks no more entries is up to date.
  static let smallLag: UInt64 = 250
  static let length = Duration.seconds(2)

  private let looks: Int
  /// How often in a row each was well.
  private var well: [MemberID: Int] = [:]

  /// - Parameter interval: between two looks.
  init(interval: Duration) { looks = Int((Self.length / interval).rounded(.up)) + 1 }

  /// - Returns: those that have proved themselves.
  mutating func look(_ overview: RaftOverview) -> MemberSet {
    var now: [MemberID: Int] = [:]
    for learner in overview.configuration.learners where isWell(learner, overview) { now[learner] = well[learner, default: 0] + 1 }
    well = now
    return MemberSet(now.filter { $0.value >= looks }.keys)
  }

  private func isWell(_ learner: MemberID, _ overview: RaftOverview) -> Bool {
    overview.isLeader && overview.isActive(learner) && (overview.matches[learner] ?? 0) > 0 && overview.lag(of: learner) <= Self.smallLag
  }
}
