import Testing

@testable import Raft

@Suite struct ProgressTests {
  static func progress(match: LogIndex = 3, next: LogIndex = 5, _ change: (inout Progress) -> Void = { _ in }) -> Progress {
    var progress = Progress(match: match, next: next, inflights: Inflights(messageLimit: 2))
    change(&progress)
    return progress
  }

  @Test func aProbeIsSentOnceAndWaits() {
    var progress = Self.progress()
    progress.sent(entries: 0, bytes: 0)
    #expect(!progress.isPaused)
    progress.sent(entries: 2, bytes: 10)
    #expect(progress.isPaused && progress.next == 5)
    let advanced = progress.update(to: 6)
    #expect(advanced && !progress.isPaused && progress.match == 6 && progress.next == 7)
  }

  @Test func replicationRunsAheadUntilTheWindowIsFull() {
    var progress = Self.progress { $0.becomeReplicate() }
    #expect(progress.next == 4)
    progress.sent(entries: 3, bytes: 10)
    #expect(progress.next == 7 && !progress.isPaused)
    progress.sent(entries: 1, bytes: 10)
    #expect(progress.next == 8 && progress.isPaused)
    // Only what has landed makes room, and only an acknowledgement resumes.
    let advanced = progress.update(to: 6)
    progress.landed(through: 6)
    #expect(advanced && !progress.isPaused && progress.inflights.count == 1)
  }

  @Test func nothingIsSentBesidesASnapshot() {
    var progress = Self.progress { $0.becomeSnapshot(10) }
    #expect(progress.isPaused && progress.next == 11 && progress.pendingSnapshot == 10)
    progress.sent(entries: 5, bytes: 1)
    #expect(progress.next == 11)
    var failed = progress
    failed.forgetSnapshot()
    failed.becomeProbe()
    #expect(failed.next == 4, "a snapshot that failed is begun anew")
    progress.becomeProbe()
    #expect(progress.next == 11, "a snapshot that was sent is taken for granted")
    #expect(progress.pendingSnapshot == 0 && !progress.isPaused)
  }

  @Test func anOldAcknowledgementChangesNothing() {
    var progress = Self.progress()
    let before = progress
    let answers = [progress.update(to: 3), progress.update(to: 0)]
    #expect(answers == [false, false] && progress == before)
  }

  /// State, refused index, hint, and the next index then; nil when the refusal is an old one.
  @Test(
    arguments: [
      (false, 4, 4, 4), (false, 4, 2, 4), (false, 3, 3, nil), (false, 9, 9, nil), (true, 5, 5, 4), (true, 4, 4, 4), (true, 3, 3, nil),
      (true, 2, 2, nil), (false, 4, LogIndex.max, 4),
    ] as [(Bool, LogIndex, LogIndex, LogIndex?)])
  func aRefusalGoesBack(_ isReplicating: Bool, _ rejected: LogIndex, _ hint: LogIndex, _ next: LogIndex?) {
    var progress = Self.progress()
    if isReplicating {
      progress.becomeReplicate()
      progress.sent(entries: 3, bytes: 1)
    }
    let before = progress.next
    let isGenuine = progress.decrease(rejected: rejected, hint: hint)
    #expect(isGenuine == (next != nil))
    #expect(progress.next == next ?? before)
  }

  @Test func aProbeNeverGoesBehindWhatMatches() {
    var random = SeededRandom(4)
    var progress = Self.progress(match: 0, next: 50)
    for _ in 0..<2_000 {
      switch random.pick([0, 1, 2, 3, 4]) {
      case 0: _ = progress.decrease(rejected: progress.next - 1, hint: .random(in: 0...60, using: &random))
      case 1: _ = progress.update(to: .random(in: 0...60, using: &random))
      case 2: progress.becomeProbe()
      case 3: progress.becomeReplicate()
      default: if !progress.isPaused { progress.sent(entries: .random(in: 0...3, using: &random), bytes: 1) }
      }
      #expect(progress.match < progress.next)
    }
  }

  @Test func theCommitIndexIsSentWhileItCanHelp() {
    var progress = Self.progress { $0.becomeReplicate() }
    progress.sent(entries: 2, bytes: 1)
    #expect(progress.canAdvanceCommit(to: 4))
    progress.sent(commit: 4)
    #expect(!progress.canAdvanceCommit(to: 4))
    #expect(progress.canAdvanceCommit(to: 5))
    progress.sent(commit: 5)
    #expect(!progress.canAdvanceCommit(to: 9), "it knows of everything it has")
  }
}
