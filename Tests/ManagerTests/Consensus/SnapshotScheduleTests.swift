import Testing

@testable import Manager

@Suite struct SnapshotScheduleTests {
  private func expect(_ schedule: inout SnapshotSchedule, _ isDue: Bool, _ comment: Comment? = nil, _ place: SourceLocation = #_sourceLocation) {
    let begins = schedule.begin()
    #expect(begins == isDue, comment, sourceLocation: place)
  }

  private func schedule(size: Int = 0) -> SnapshotSchedule { SnapshotSchedule(entries: 100, bytes: 1000...4000, size: size) }

  @Test(arguments: [(0, 1000), (1000, 1000), (2500, 2500), (9000, 4000)]) func isDueAfterAsManyBytesAsTheNewestHas(_ size: Int, _ limit: Int) {
    var known = schedule(size: size)
    known.wrote(entries: 1, bytes: limit - 1)
    expect(&known, false)
    known.wrote(entries: 1, bytes: 1)
    expect(&known, true)

    var taken = schedule()
    taken.force()
    expect(&taken, true)
    expect(&taken, false, "one at a time")
    taken.finished(stored: size)
    taken.wrote(entries: 1, bytes: limit - 1)
    expect(&taken, false)
    taken.wrote(entries: 1, bytes: 1)
    expect(&taken, true)
  }

  @Test(arguments: [(0, 1000), (2500, 2500), (9000, 4000)]) func asMuchOfTheLogIsKeptAsTheSnapshotHas(_ size: Int, _ trailing: Int) {
    var limits = RaftMember.Limits()
    limits.trailingBytes = 1000...4000
    #expect(limits.trailing(snapshot: size) == trailing)
  }

  @Test func isDueAfterSoManyEntries() {
    var schedule = schedule(size: 4000)
    schedule.wrote(entries: 99, bytes: 10)
    expect(&schedule, false)
    schedule.wrote(entries: 1, bytes: 0)
    expect(&schedule, true)
    schedule.wrote(entries: 40, bytes: 0)
    schedule.finished(stored: 10)
    schedule.wrote(entries: 59, bytes: 0)
    expect(&schedule, false, "what came while it was taken counts for the next")
    schedule.wrote(entries: 1, bytes: 0)
    expect(&schedule, true)
  }

  @Test func whatCouldNotBeStoredIsTakenAgainAWhileLater() {
    var schedule = schedule()
    schedule.wrote(entries: 100, bytes: 0)
    expect(&schedule, true)
    schedule.finished(stored: nil)
    schedule.wrote(entries: 9, bytes: 0)
    expect(&schedule, false)
    schedule.wrote(entries: 1, bytes: 0)
    expect(&schedule, true)
  }
}
