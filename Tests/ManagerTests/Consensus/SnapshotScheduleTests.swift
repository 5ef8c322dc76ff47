import Testing

@testable import Manager

@Suite struct SnapshotScheduleTests {
  private func schedule(size: Int = 0) -> SnapshotSchedule { SnapshotSchedule(entries: 100, bytes: 1000...4000, size: size) }

  @Test(arguments: [(0, 1000), (1000, 1000), (2500, 2500), (9000, 4000)]) func isDueAfterAsManyBytesAsTheNewestHas(_ size: Int, _ limit: Int) {
    var known = schedule(size: size)
    known.wrote(entries: 1, bytes: limit - 1)
    #expect(!known.begin())
    known.wrote(entries: 1, bytes: 1)
    #expect(known.begin())

    var taken = schedule()
    taken.force()
    #expect(taken.begin() && !taken.begin(), "one at a time")
    taken.finished(stored: size)
    taken.wrote(entries: 1, bytes: limit - 1)
    #expect(!taken.begin())
    taken.wrote(entries: 1, bytes: 1)
    #expect(taken.begin())
  }

  @Test func isDueAfterSoManyEntries() {
    var schedule = schedule(size: 4000)
    schedule.wrote(entries: 99, bytes: 10)
    #expect(!schedule.begin())
    schedule.wrote(entries: 1, bytes: 0)
    #expect(schedule.begin())
    schedule.wrote(entries: 40, bytes: 0)
    schedule.finished(stored: 10)
    schedule.wrote(entries: 59, bytes: 0)
    #expect(!schedule.begin(), "what came while it was taken counts for the next")
    schedule.wrote(entries: 1, bytes: 0)
    #expect(schedule.begin())
  }

  @Test func whatCouldNotBeStoredIsTakenAgainAWhileLater() {
    var schedule = schedule()
    schedule.wrote(entries: 100, bytes: 0)
    #expect(schedule.begin())
    schedule.finished(stored: nil)
    schedule.wrote(entries: 9, bytes: 0)
    #expect(!schedule.begin())
    schedule.wrote(entries: 1, bytes: 0)
    #expect(schedule.begin())
  }
}
