import Raft
package import SimulationEngine

/// One run: a cluster, its clients and its faults in virtual time, decided by one seed.
///
/// A fault phase is followed by a heal phase, in which the cluster has to recover by itself. Invariants are checked after each event.
package final class Simulation {
  package let seed: UInt64
  package let plan: Plan
  package internal(set) var counts = FaultCounts()
  package internal(set) var trace: Trace
  /// Differs when anything that happened differs.
  package internal(set) var digest: UInt64
  /// Registers whose history is too wide to be judged (`LinearizabilityChecker.check`).
  package private(set) var undecided = 0
  package internal(set) var events = 0
  /// Calls that clients made.
  package var operations: Int { history.count }

  var random: SimulationRandom
  var now: VirtualTime = 0
  var queue = EventQueue<Event>()
  var network: Network
  /// By id; ids are given in order and never again.
  var nodes: [SimulatedNode] = []
  var clients: [SimulatedClient] = []
  var history: [Operation] = []
  var checker = InvariantChecker()
  var healing: Healing?
  /// One counter for all calls and returns of clients.
  var moment = 0
  /// The last value a client wrote: each write is unique.
  var lastValue: UInt64 = 0
  /// When the healing phase may propose a change again.
  var nextRepair: VirtualTime = 0
  var isFinished = false

  /// - Parameter traceLines: how many of the last things that happened are kept in words; they cost time.
  package init(seed: UInt64, traceLines: Int = 0) {
    self.seed = seed
    digest = mix64(seed)
    trace = Trace(isOn: traceLines > 0, limit: traceLines)
    random = SimulationRandom(seed: mix64(seed))
    plan = Plan(random: &random)
    network = Network(random: random.fork())
  }

  /// Runs to the end, or throws the first violation.
  package func run() throws(Violation) {
    try start()
    while !isFinished, let next = queue.next() {
      now = next.time
      events += 1
      try handle(next.event)
      digest = mix64(digest, UInt64(bitPattern: Int64(now)))
      if events > 3_000_000 { throw Violation(.liveness, "3,000,000 events and no end: something happens again and again") }
    }
    do throws(LinearizabilityChecker.Failure) {
      undecided = try LinearizabilityChecker.check(history)
    } catch {
      throw Violation(.linearizability, error.description)
    }
  }

  private func start() throws(Violation) {
    let voters = Array(1...UInt64(plan.initialVoters))
    let registers = Registers(keys: plan.keys, sessions: plan.sessions)
    let first = Snapshot.bootstrap(voters: voters, registers: registers)
    checker.bootstrap(first.metadata, digest: registers.digest)
    for id in voters { try makeNode(id: id, snapshot: first).hasJoined = true }
    for client in 0..<plan.sessions {
      clients.append(SimulatedClient(number: client))
      // The last one only writes after healing.
      if client < plan.clients { schedule(.clientStart(client: client), after: random.int(in: 0...500_000)) }
    }
    setLinks()
    schedule(.injectFault, after: random.int(in: 0...2 * plan.meanFaultPause))
    if let pause = plan.membershipPause { schedule(.changeMembership, after: .milliseconds(500) + pause) }
    if let pause = plan.compactionPause { schedule(.compact, after: pause) }
    schedule(.heal, after: plan.faultPhase)
  }

  func schedule(_ event: Event, after delay: VirtualTime) { queue.schedule(event, at: now + delay) }

  /// A new member's machine, empty but for the snapshot a cluster begins with.
  @discardableResult
  func makeNode(id: UInt64, snapshot: Snapshot?) throws(Violation) -> SimulatedNode {
    precondition(id == UInt64(nodes.count) + 1, "ids are given in order")
    let skew = plan.skewsClocks ? random.int(in: 90...110) : 100
    if skew != 100 { counts[.clockSkew] += 1 }
    let node = SimulatedNode(id: id, tick: plan.tick * skew / 100, isAsynchronous: random.chance(plan.asynchronousPercent), random: random.fork())
    nodes.append(node)
    if let snapshot { node.disk.format(snapshot) }
    try start(node)
    return node
  }

  func node(_ id: UInt64) -> SimulatedNode { nodes[Int(id) - 1] }

  /// The node if it is up, and in the same start as the event meant.
  private func running(_ id: UInt64, _ epoch: Int) -> SimulatedNode? {
    let node = node(id)
    return node.epoch == epoch && node.isUp ? node : nil
  }

  private func handle(_ event: Event) throws(Violation) {
    // A paused process lets everything wait, in order.
    if let id = event.node, node(id).isPaused, node(id).isUp {
      node(id).waitingEvents.append(event)
      return
    }
    switch event {
    case .tick(let id, let epoch):
      guard let node = running(id, epoch) else { return }
      schedule(event, after: node.tick)
      try tick(node)
    case .deliver(let message, let connection): try deliver(message, connection: connection)
    case .synced(let id, let epoch): if let node = running(id, epoch) { try syncEnded(node) }
    case .applied(let id, let epoch): if let node = running(id, epoch) { try applyEnded(node) }
    case .connectionLost(let id, let peer, let epoch): if let node = running(id, epoch) { try connectionLost(node, peer: peer) }
    case .campaign(let id, let epoch): if let node = running(id, epoch) { try campaign(node) }
    case .restart(let id): try restart(id)
    case .powerFailure(let id, let epoch): if let node = running(id, epoch) { failPower(node) }
    case .retire(let id): retire(node(id))
    case .snapshotReport(let id, let epoch, let member, let succeeded):
      if let node = running(id, epoch) { try snapshotReported(node, member: member, succeeded: succeeded) }
    case .resume(let id): try resume(id)
    case .restoreLinks(let one, let other, let oneWay): restoreLinks(one, other, oneWay: oneWay)
    case .restoreSpeed(let id): if healing == nil { restoreSpeed(id) }
    case .injectFault: try injectFault()
    case .changeMembership: try changeMembership()
    case .compact: try compact()
    case .clientStart(let client): startCall(client)
    case .clientTimeout(let client, let attempt): callTimedOut(client, attempt)
    case .request(let client, let attempt, let node): try request(client, attempt, at: node)
    case .answer(let client, let attempt, let value): answered(client, attempt, value)
    case .heal: try heal()
    case .poll: try pollHealing()
    }
  }
}

extension Event {
  /// The node whose process has to run for the event to happen.
  fileprivate var node: UInt64? {
    switch self {
    case .tick(let node, _), .synced(let node, _), .applied(let node, _), .connectionLost(let node, _, _), .campaign(let node, _): node
    case .snapshotReport(let node, _, _, _): node
    case .deliver(let message, _): message.to.rawValue
    case .request(_, _, let node): node
    default: nil
    }
  }
}
