import ClusterModel
import Orchestration
package import SimulationEngine

/// One run: services that are changed by users while tasks fail, nodes and leaders die, in virtual time, decided by one seed.
///
/// A phase of trouble is followed by one without, in which everything has to come to what was declared, and to rest. Each transaction of the
/// leader's loops is judged.
package final class RolloutSimulation {
  package let seed: UInt64
  package let plan: Plan
  package internal(set) var counts = HappeningCounts()
  package internal(set) var trace: Trace
  /// Differs when anything that happened differs.
  package internal(set) var digest: UInt64
  package internal(set) var events = 0
  /// Of the leader's loops.
  package internal(set) var transactions = 0

  var random: SimulationRandom
  var now: VirtualTime = 0
  var queue = EventQueue<Event>()
  var store = SimulatedStore()
  var workers: [SimulatedWorker] = []
  var judge = RolloutJudge()
  /// Numbers the leaders; nil while there is none.
  var leader: Int? = 0
  var leaders = 0
  var agenda = Agenda()
  /// What the transaction before left of a step.
  var rest: (services: [ServiceID], placement: Bool)?
  var isWorkScheduled = false
  var timer: VirtualTime?
  var serial = 0
  var isHealed = false
  /// When something was last stored.
  var lastChange: VirtualTime = 0

  /// - Parameter traceLines: how many of the last things that happened are kept in words; they cost time.
  package init(seed: UInt64, traceLines: Int = 0) {
    self.seed = seed
    digest = mix64(seed)
    trace = Trace(isOn: traceLines > 0, limit: traceLines)
    random = SimulationRandom(seed: mix64(seed))
    plan = Plan(random: &random)
  }

  /// Runs to the end, or throws the first violation.
  package func run() throws(Violation) {
    try start()
    try runEvents(until: plan.troublePhase)
    while leader == nil { try runEvents(until: now + .seconds(1)) }
    try heal()
    try judgeConvergence()
    try judgeRest()
  }

  /// By the managers' clock.
  var time: Timestamp { Self.timestamp(now) }

  static func timestamp(_ time: VirtualTime) -> Timestamp {
    Timestamp(nanosecondsSinceEpoch: 1_000_000_000_000_000_000 + Int64(time) * 1000)
  }

  static func virtualTime(_ time: Timestamp) -> VirtualTime { VirtualTime((time.nanosecondsSinceEpoch - 1_000_000_000_000_000_000) / 1000) }

  func schedule(_ event: Event, after delay: VirtualTime) { queue.schedule(event, at: now + delay) }

  func note(_ line: @autoclosure () -> String) { trace.note(now, line()) }

  private func start() throws(Violation) {
    for number in 1...plan.nodes { try addNode(number) }
    if !plan.isGlobalOnly { try createService("web", mode: .replicated(replicas: plan.replicas)) }
    if plan.hasGlobal { try createService("agent", mode: .global) }
    schedule(.user, after: .seconds(random.int(in: 0...20)))
    if !plan.troubles.isEmpty { schedule(.trouble, after: random.int(in: 0...2 * plan.meanTroublePause)) }
  }

  func runEvents(until end: VirtualTime) throws(Violation) {
    while let next = queue.next() {
      if next.time > end {
        queue.schedule(next.event, at: next.time)
        break
      }
      now = next.time
      events += 1
      try handle(next.event)
      digest = mix64(mix64(digest, UInt64(bitPattern: Int64(now))), store.index)
      if events > 100_000 { throw Violation(.rest, "100,000 events and no end: something happens again and again") }
    }
    now = max(now, end)
  }

  private func handle(_ event: Event) throws(Violation) {
    switch event {
    case .work(let leader): if leader == self.leader { try work() }
    case .wake(let leader):
      guard leader == self.leader else { return }
      timer = nil
      try work()
    case .elected: elected()
    case .obey(let node): obey(node)
    case .report(let node): try report(node)
    case .step(let step, let task, let node, let epoch): self.step(step, task, node, epoch)
    case .user: try userActs()
    case .trouble: try troubleComes()
    case .markDown(let node, let absence): try markDown(node, absence)
    case .comeBack(let node, let absence): try comeBack(node, absence)
    case .activate(let node): try activate(node)
    case .check: try checkDrains()
    }
  }

  /// Stores what somebody other than the loops decides.
  func update(_ body: (inout SimulatedTransaction) throws -> Void) throws(Violation) {
    var transaction = SimulatedTransaction(base: store)
    do { try body(&transaction) } catch { throw Violation(.consistency, "\(error)") }
    commit(transaction)
  }

  func commit(_ transaction: SimulatedTransaction) {
    let changes = store.commit(transaction, at: time)
    if changes.isEmpty { return }
    lastChange = now
    var touched: [NodeID] = []
    for change in changes {
      switch change {
      case .service(let old, let new): agenda.note(service: old, new)
      case .task(let old, let new):
        agenda.note(task: old, new)
        judge.observe(task: old, new, at: now)
        if let node = new?.nodeID ?? old?.nodeID, !touched.contains(node) { touched.append(node) }
      case .node(let old, let new): agenda.note(node: old, new)
      }
      trace(change)
    }
    for node in touched { schedule(.obey(node: node), after: random.int(in: plan.link)) }
    scheduleWork()
  }

  func scheduleWork() {
    guard let leader, !isWorkScheduled else { return }
    isWorkScheduled = true
    schedule(.work(leader: leader), after: random.int(in: plan.loop))
  }
}
