import RaftSimulator
import SimulationEngine
import Testing

/// Histories of known verdict. Times are positions on one counter; `nil` as the return means the outcome is unknown.
@Suite struct LinearizabilityCheckerTests {
  private func put(_ value: UInt64, _ invoked: Int, _ returned: Int?, key: Int = 0) -> Operation {
    Operation(client: Int(value), key: key, action: .put(value), invoked: invoked, returned: returned, result: returned.map { _ in value })
  }

  private func get(_ result: UInt64, _ invoked: Int, _ returned: Int, key: Int = 0) -> Operation {
    Operation(client: 100 + invoked, key: key, action: .get, invoked: invoked, returned: returned, result: result)
  }

  private func add(_ value: UInt64, _ invoked: Int, _ returned: Int?, result: UInt64? = nil) -> Operation {
    Operation(client: Int(value), key: 0, action: .add(value), invoked: invoked, returned: returned, result: result)
  }

  private func holds(_ history: [Operation]) -> Bool {
    do {
      try LinearizabilityChecker.check(history)
      return true
    } catch {
      #expect(!error.description.isEmpty)
      return false
    }
  }

  @Test func anEmptyHistoryHolds() { #expect(holds([])) }

  @Test func oneAfterTheOtherHolds() { #expect(holds([get(0, 0, 1), put(1, 2, 3), get(1, 4, 5), put(2, 6, 7), get(2, 8, 9)])) }

  @Test func aStaleReadFails() { #expect(!holds([put(1, 0, 1), put(2, 2, 3), get(1, 4, 5)])) }

  @Test func aReadOfWhatNobodyWroteFails() { #expect(!holds([put(1, 0, 1), get(7, 2, 3)])) }

  @Test func aReadBesideAWriteSeesEither() {
    #expect(holds([put(1, 0, 1), put(2, 2, 9), get(1, 3, 4), get(2, 5, 6)]))
    #expect(holds([put(1, 0, 1), put(2, 2, 9), get(2, 3, 4), get(2, 5, 6)]))
  }

  @Test func readsThatGoBackFail() { #expect(!holds([put(1, 0, 1), put(2, 2, 9), get(2, 3, 4), get(1, 5, 6)])) }

  @Test func readersMustAgreeOnOneOrderOfTwoWrites() {
    #expect(holds([put(1, 0, 9), put(2, 1, 10), get(1, 11, 12), get(1, 13, 14)]))
    #expect(!holds([put(1, 0, 9), put(2, 1, 10), get(1, 11, 12), get(2, 13, 14)]))
  }

  @Test func anUnknownWriteMayHaveHappenedAtAnyTimeOrNever() {
    #expect(holds([put(1, 0, 1), put(2, 2, nil), get(1, 10, 11)]))
    #expect(holds([put(1, 0, 1), put(2, 2, nil), get(2, 10, 11)]))
    #expect(holds([put(1, 0, 1), put(2, 2, nil), get(1, 10, 11), get(2, 12, 13)]))
  }

  @Test func anUnknownWriteHappensOnceAndNotBeforeItsCall() {
    #expect(!holds([put(1, 0, 1), put(2, 2, nil), get(2, 3, 4), put(3, 5, 6), get(2, 7, 8)]))
    #expect(!holds([get(2, 0, 1), put(2, 2, nil)]))
  }

  @Test func aSearchThatGetsTooWideIsGivenUp() throws {
    // Any subset of the adds may have happened before the read, and none explains it.
    let history = (1...30).map { add($0, Int($0), nil) } + [get(7, 40, 41)]
    #expect(try LinearizabilityChecker.check(history, mostTries: 1000) == 1)
    #expect(!holds((1...5).map { add($0, Int($0), nil) } + [get(7, 40, 41)]))
  }

  @Test func addsHappenOnceAndInOrder() {
    let first = Operation.adding(1, to: 0)
    let second = Operation.adding(2, to: first)
    #expect(holds([add(1, 0, 1, result: first), add(2, 2, 3, result: second), get(second, 4, 5)]))
    #expect(holds([add(1, 0, 9), add(2, 1, 8, result: second), get(second, 10, 11)]))
    #expect(!holds([add(1, 0, 1, result: first), add(2, 2, nil), get(Operation.adding(2, to: second), 4, 5)]), "applied twice")
    #expect(!holds([add(1, 0, 1), put(2, 2, 3), get(Operation.adding(1, to: 2), 4, 5)]), "applied in the wrong order")
    #expect(!holds([add(1, 0, 1, result: first), add(2, 2, 3, result: second), get(first, 4, 5)]), "acknowledged and lost")
  }

  @Test func keysAreJudgedAlone() {
    #expect(holds([put(1, 0, 1, key: 1), put(2, 2, 3, key: 2), get(1, 4, 5, key: 1)]))
    #expect(!holds([put(1, 0, 1, key: 1), put(2, 2, 3, key: 2), get(1, 4, 5, key: 2)]))
  }

  @Test func aReadWithoutAnAnswerSaysNothing() {
    #expect(holds([put(1, 0, 1), Operation(client: 9, key: 0, action: .get, invoked: 2)]))
  }

  /// Histories made by a register that takes effect inside each call hold; with one answer of a read exchanged for an older one they do not.
  @Test(arguments: 0..<100) func madeHistories(seed: UInt64) {
    var random = SimulationRandom(seed: seed)
    var history: [Operation] = []
    var value: UInt64 = 0
    var values: [UInt64] = [0]
    var open: [Operation] = []
    var unique: UInt64 = 0
    for now in 0..<80 {
      if open.count < 5, random.chance(55) {
        unique += 1
        let action: Operation.Action = [.put(unique), .add(unique), .get][random.int(in: 0..<3)]
        open.append(Operation(client: open.count, key: 0, action: action, invoked: 2 * now))
      } else if !open.isEmpty {
        var operation = open.remove(at: random.int(in: 0..<open.count))
        let lost = random.chance(10)
        if lost, random.chance(50) {
          history.append(operation)
          continue
        }
        value = Operation.value(after: operation.action, on: value)
        values.append(value)
        if !lost { (operation.returned, operation.result) = (2 * now + 1, value) }
        history.append(operation)
      }
    }
    history += open
    #expect(holds(history))

    let last = Operation(client: 50, key: 0, action: .get, invoked: 1000, returned: 1001, result: value)
    #expect(holds(history + [last]))
    #expect(!holds(history + [last, Operation(client: 51, key: 0, action: .get, invoked: 1002, returned: 1003, result: 424242)]))
  }
}
