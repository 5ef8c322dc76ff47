/// Decides whether a history of register operations could have happened one after the other, each between its call and its return.
///
/// Linearizability is local (Herlihy and Wing 1990, theorem 1), so each key is judged alone. The search is Wing and Gong's with the
/// memoisation of Lowe, "Testing for linearizability" (2017), section 4: a pair of (operations done, value) is tried once.
package enum LinearizabilityChecker {
  /// Why a history is not linearizable.
  package struct Failure: Error, CustomStringConvertible {
    package var key: Int
    package var operations: [Operation]
    /// The longest order that could be explained.
    package var explained: [Operation]

    package var description: String {
      """
      key \(key) is not linearizable; operations:
      \(operations.map { "  \($0)" }.joined(separator: "\n"))
      longest order that explains what was seen:
      \(explained.map { "  \($0)" }.joined(separator: "\n"))
      """
    }
  }

  /// Registers begin with `initial`.
  /// - Parameter mostTries: the search takes time and memory that grow, at worst, exponentially with the calls that nobody heard back from;
  ///   after so many tries a key is given up, and counts as undecided.
  /// - Returns: how many keys were given up.
  /// - Throws: the first key that cannot be explained.
  @discardableResult
  package static func check(_ history: [Operation], initial: UInt64 = 0, mostTries: Int = 1_000_000) throws(Failure) -> Int {
    var undecided = 0
    var byKey: [Int: [Operation]] = [:]
    for operation in history {
      // A read without an answer says nothing.
      if operation.action == .get, operation.returned == nil { continue }
      byKey[operation.key, default: []].append(operation)
    }
    for key in byKey.keys.sorted() {
      var search = RegisterSearch(operations: byKey[key] ?? [], initial: initial)
      switch search.run(mostTries: mostTries) {
      case true?: break
      case false?: throw Failure(key: key, operations: search.operations, explained: search.longest.map { search.operations[$0] })
      case nil: undecided += 1
      }
    }
    return undecided
  }
}

/// The search on one register: a doubly linked list of calls and returns in the order they happened, from which an operation is
/// lifted while it counts as done.
private struct RegisterSearch {
  private struct Moment {
    var operation: Int
    var isReturn: Bool
    var previous: Int
    var next: Int
  }

  private struct Visited: Hashable {
    var done: [UInt64]
    var value: UInt64
  }

  /// What was tried, and what else could be in its place.
  private struct Step {
    var call: Int
    var valueBefore: UInt64
    var candidates: [Int]
    var position: Int
  }

  let operations: [Operation]
  /// Operations with an answer that do not count as done.
  private var unexplained: Int
  private(set) var longest: [Int] = []
  private var moments: [Moment] = []
  private var returnMoment: [Int] = []
  private var value: UInt64
  private var done: [UInt64]
  private var visited: Set<Visited> = []

  init(operations unsorted: [Operation], initial: UInt64) {
    let operations = unsorted.sorted { $0.invoked < $1.invoked }
    self.operations = operations
    value = initial
    unexplained = operations.count { $0.returned != nil }
    done = Array(repeating: 0, count: operations.count / 64 + 1)
    returnMoment = Array(repeating: 0, count: operations.count)
    var order: [(at: Int, operation: Int, isReturn: Bool)] = []
    for (number, operation) in operations.enumerated() {
      order.append((operation.invoked, number, false))
      order.append((operation.returned ?? Int.max, number, true))
    }
    order.sort { ($0.at, $0.operation, $0.isReturn ? 1 : 0) < ($1.at, $1.operation, $1.isReturn ? 1 : 0) }
    // Moment 0 is the head of the list.
    moments.append(Moment(operation: -1, isReturn: false, previous: -1, next: order.isEmpty ? -1 : 1))
    for (position, moment) in order.enumerated() {
      let at = position + 1
      if moment.isReturn { returnMoment[moment.operation] = at }
      moments.append(Moment(operation: moment.operation, isReturn: moment.isReturn, previous: at - 1, next: at < order.count ? at + 1 : -1))
    }
  }

  /// Nil when it was given up.
  mutating func run(mostTries: Int) -> Bool? {
    var stack: [Step] = []
    var candidates = self.candidates
    var position = 0
    // Operations of unknown outcome may never have happened.
    while unexplained > 0 {
      if visited.count > mostTries { return nil }
      if position < candidates.count {
        let call = candidates[position]
        position += 1
        guard let new = attempt(moments[call].operation) else { continue }
        stack.append(Step(call: call, valueBefore: value, candidates: candidates, position: position))
        value = new
        lift(call)
        if stack.count > longest.count { longest = stack.map { moments[$0.call].operation } }
        (candidates, position) = (self.candidates, 0)
      } else {
        guard let last = stack.popLast() else { return false }
        value = last.valueBefore
        unlift(last.call)
        (candidates, position) = (last.candidates, last.position)
      }
    }
    return true
  }

  /// The calls that may come next: those before the first return. Those whose outcome is known come first, the one that returned first before the
  /// others: the rest fits anywhere, so trying it early tries all subsets of it.
  private var candidates: [Int] {
    var answered: [Int] = []
    var others: [Int] = []
    var at = moments[0].next
    while at != -1, !moments[at].isReturn {
      if operations[moments[at].operation].returned == nil { others.append(at) } else { answered.append(at) }
      at = moments[at].next
    }
    answered.sort { returnMoment[moments[$0].operation] < returnMoment[moments[$1].operation] }
    return answered + others
  }

  /// The value after `number` as the next operation, unless its answer differs or this was tried before; marks it done.
  private mutating func attempt(_ number: Int) -> UInt64? {
    let operation = operations[number]
    let new = Operation.value(after: operation.action, on: value)
    if let result = operation.result, result != new { return nil }
    done[number / 64] |= 1 << UInt64(number % 64)
    if visited.insert(Visited(done: done, value: new)).inserted { return new }
    done[number / 64] &= ~(1 << UInt64(number % 64))
    return nil
  }

  private mutating func lift(_ call: Int) {
    if operations[moments[call].operation].returned != nil { unexplained -= 1 }
    for at in [call, returnMoment[moments[call].operation]] {
      let (previous, next) = (moments[at].previous, moments[at].next)
      moments[previous].next = next
      if next != -1 { moments[next].previous = previous }
    }
  }

  private mutating func unlift(_ call: Int) {
    let number = moments[call].operation
    if operations[number].returned != nil { unexplained += 1 }
    done[number / 64] &= ~(1 << UInt64(number % 64))
    for at in [returnMoment[number], call] {
      let (previous, next) = (moments[at].previous, moments[at].next)
      moments[previous].next = at
      if next != -1 { moments[next].previous = at }
    }
  }
}
