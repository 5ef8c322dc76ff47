import Testing

@testable import Raft

/// The log against an array: every operation at random, everything that can be asked compared after each.
@Suite struct RaftLogTests {
  /// What the log should be.
  struct Model {
    var base = LogPosition(term: 0, index: 0)
    var entries: [Entry] = []
    var committed: LogIndex = 0

    var last: LogIndex { base.index + LogIndex(entries.count) }
    func term(_ index: LogIndex) -> Term? {
      if index == base.index { return base.term }
      return index > base.index && index <= last ? entries[Int(index - base.index) - 1].term : nil
    }

    mutating func replace(_ new: [Entry]) {
      guard let first = new.first else { return }
      entries.removeLast(Int(last + 1 - first.index))
      entries += new
    }
  }

  /// The log, its disk and the writes on their way to it, as an owner treats them.
  struct Subject {
    var log = RaftLog(stable: StableLog(), applyingLimit: .max)
    var model = Model()
    var writes: [(entries: [Entry], snapshot: Snapshot?, last: LogPosition)] = []
    var term: Term = 1

    /// The log of the present leader, which this one follows.
    var leader: [LogIndex: Entry] = [:]
    var leaderLast: LogIndex = 0

    /// Another leader: it has all that is committed, perhaps more of this log, and entries of its own term.
    mutating func elect(_ random: inout SeededRandom) {
      term += 1
      leaderLast = .random(in: max(model.committed, model.base.index)...model.last, using: &random)
      leader = Dictionary(uniqueKeysWithValues: model.entries.filter { $0.index <= leaderLast }.map { ($0.index, $0) })
      extend(&random)
    }

    mutating func extend(_ random: inout SeededRandom) {
      for _ in 0..<Int.random(in: 0...3, using: &random) {
        leaderLast += 1
        leader[leaderLast] = Entry(term: term, index: leaderLast, data: [.random(in: 0...255, using: &random)])
      }
    }

    /// A piece of the leader's log that continues this one.
    mutating func appendFromLeader(_ random: inout SeededRandom) throws {
      if random.chance(30) { elect(&random) } else { extend(&random) }
      let candidates = (max(model.committed, model.base.index)...model.last).filter { index in
        index == model.base.index || (index <= leaderLast && leader[index]?.term == model.term(index))
      }
      let previous = random.pick(candidates)
      let new = (previous..<max(previous, leaderLast)).compactMap { leader[$0 + 1] }.prefix(.random(in: 0...5, using: &random))
      let commit = LogIndex.random(in: 0...model.last + 3, using: &random)
      let position = LogPosition(term: model.term(previous) ?? 0, index: previous)
      let last = try #require(try log.append(Array(new), after: position, commit: commit))
      #expect(last == previous + LogIndex(new.count))
      if let conflict = new.first(where: { model.term($0.index) != $0.term }) { model.replace(new.filter { $0.index >= conflict.index }) }
      model.committed = max(model.committed, min(commit, last))
    }

    mutating func startWrite() {
      let entries = log.nextUnstableEntries
      writes.append((entries, log.nextUnstableSnapshot, log.last))
      log.acceptUnstable()
    }

    mutating func finishWrite() {
      guard !writes.isEmpty else { return }
      let write = writes.removeFirst()
      if let snapshot = write.snapshot { log.stable.restore(snapshot) }
      log.stable.append(write.entries)
      // The core drops acknowledgements of earlier terms; here a write is acknowledged when no other one is under way.
      if writes.isEmpty, log.term(write.last.index) == write.last.term { log.stable(through: write.last) }
      if let snapshot = write.snapshot { log.stableSnapshot(snapshot.metadata.index) }
    }

    mutating func compact(_ random: inout SeededRandom) {
      guard writes.isEmpty, log.unstable.snapshot == nil else { return }
      let index = LogIndex.random(in: 0...min(model.committed, log.stable.lastIndex), using: &random)
      guard index > model.base.index, index < log.unstable.offset else { return }
      log.stable.compact(through: index)
      let term = model.term(index) ?? 0
      model.entries.removeFirst(Int(index - model.base.index))
      model.base = LogPosition(term: term, index: index)
    }

    mutating func restore(_ random: inout SeededRandom) {
      guard writes.isEmpty else { return }
      let position = LogPosition(term: term, index: model.last + .random(in: 1...4, using: &random))
      log.restore(Snapshot(metadata: SnapshotMetadata(index: position.index, term: position.term)))
      model = Model(base: position, committed: position.index)
      elect(&random)
    }
  }

  @Test(arguments: 0..<40)
  func behavesLikeAnArray(_ seed: Int) throws {
    var random = SeededRandom(seed + 100)
    var subject = Subject()
    for _ in 0..<300 {
      switch Int.random(in: 0..<100, using: &random) {
      case 0..<45: try subject.appendFromLeader(&random)
      case 45..<65: subject.startWrite()
      case 65..<90: subject.finishWrite()
      case 90..<97: subject.compact(&random)
      default: subject.restore(&random)
      }
      let (log, model) = (subject.log, subject.model)
      #expect(log.firstIndex == model.base.index + 1)
      #expect(log.lastIndex == model.last)
      #expect(log.committed == model.committed)
      for index in max(1, model.base.index)...(model.last + 2) { #expect(log.term(index) == model.term(index), "term of \(index)") }
      try #require(log.slice(log.firstIndex..<(log.lastIndex + 1)) == model.entries)
      try compareSlices(log, model, &random)
    }
  }

  private func compareSlices(_ log: RaftLog, _ model: Model, _ random: inout SeededRandom) throws {
    guard !model.entries.isEmpty else { return }
    let low = LogIndex.random(in: log.firstIndex...log.lastIndex, using: &random)
    let limit = Int.random(in: 0...60, using: &random)
    let slice = try #require(log.slice(low..<(log.lastIndex + 1), limit: limit))
    let expected = model.entries[Int(low - log.firstIndex)...]
    #expect(slice == Array(expected.prefix(slice.count)) && !slice.isEmpty)
    #expect(slice.count == 1 || slice.totalSize <= limit)
    #expect(slice.count == expected.count || expected.prefix(slice.count + 1).totalSize > limit)
  }

  @Test func findsWhereTwoLogsMayAgree() {
    var random = SeededRandom(5)
    for _ in 0..<2_000 {
      var term: Term = 1
      let terms = (0..<Int.random(in: 1...12, using: &random)).map { _ in
        term += random.chance(30) ? 1 : 0
        return term
      }
      let log = RaftLog(stable: StableLog(entries: StableLogTests.entries(terms)), applyingLimit: .max)
      let index = LogIndex.random(in: 1...LogIndex(terms.count), using: &random)
      let bound = Term.random(in: 0...term + 1, using: &random)
      let expected = (1...index).last { terms[Int($0) - 1] <= bound } ?? 0
      #expect(log.conflict(at: index, term: bound).index == expected)
    }
  }

  @Test func theMoreUpToDateLogIsTheOneWithTheLaterTermThenTheLongerOne() {
    let log = RaftLog(stable: StableLog(entries: StableLogTests.entries([1, 2, 2])), applyingLimit: .max)
    #expect(log.isUpToDate(LogPosition(term: 2, index: 3)))
    #expect(log.isUpToDate(LogPosition(term: 2, index: 4)))
    #expect(log.isUpToDate(LogPosition(term: 3, index: 1)))
    #expect(!log.isUpToDate(LogPosition(term: 2, index: 2)))
    #expect(!log.isUpToDate(LogPosition(term: 1, index: 9)))
  }

  @Test func whatWasCommittedIsNeverReplaced() throws {
    var log = RaftLog(stable: StableLog(entries: StableLogTests.entries([1, 1, 1])), applyingLimit: .max)
    try log.commit(to: 2)
    #expect(throws: RaftError.conflictsWithCommitted(2)) {
      try log.append([Entry(term: 2, index: 2)], after: LogPosition(term: 1, index: 1), commit: 0)
    }
    #expect(throws: RaftError.logLost(commit: 9, last: 3)) { try log.commit(to: 9) }
    #expect(log.committed == 2 && log.lastIndex == 3)
  }

  @Test func appliesInPiecesOfTheSizeAllowed() throws {
    let entries = StableLogTests.entries([1, 1, 1, 1])
    var log = RaftLog(stable: StableLog(entries: entries), applyingLimit: 2 * entries[0].size)
    try log.commit(to: 4)
    let first = log.nextCommitted(allowUnstable: false)
    #expect(first.map(\.index) == [1, 2])
    log.acceptApplying(first, allowUnstable: false)
    #expect(!log.hasNextCommitted(allowUnstable: false), "the rest waits until these are applied")
    #expect(log.applying == 2 && log.applied == 0)
    log.applied(through: 2, size: first.totalSize)
    #expect(log.nextCommitted(allowUnstable: false).map(\.index) == [3, 4])
  }
}
