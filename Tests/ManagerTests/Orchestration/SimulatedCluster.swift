import ClusterModel
import TestKit

@testable import Manager
@testable import Orchestration

/// The control loops and fake workers over a store without a log, in virtual time: every step is a function call, so a seed replays a run.
struct SimulatedCluster {
  struct Container: Equatable {
    var slot: String
    var state: TaskState
  }

  private(set) var view = StoreView()
  private(set) var now = Timestamp(seconds: 1_000_000)
  var agenda = Agenda()
  /// What each worker has on its machine, by task.
  private(set) var containers: [NodeID: [TaskID: Container]] = [:]
  /// Workers that are running, whatever the store thinks of their nodes.
  private(set) var alive: Set<NodeID> = []
  private var serial = 0
  private var random: SeededGenerator
  /// Percent of worker steps that go wrong.
  var failureRate = 20
  private(set) var transactions = 0

  init(seed: UInt64) { random = SeededGenerator(seed: seed) }

  var services: [ClusterService] { view.services.sorted { $0.id < $1.id } }

  mutating func pick<C: RandomAccessCollection>(_ choices: C) -> C.Element? { choices.randomElement(using: &random) }
  mutating func number(_ range: Range<Int>) -> Int { Int.random(in: range, using: &random) }

  @discardableResult
  mutating func update<Result>(_ body: (inout StoreTransaction) throws -> Result) throws -> Result {
    var transaction = StoreTransaction(base: view)
    let result = try body(&transaction)
    let command = transaction.command(at: now)
    if command.changes.isEmpty { return result }
    transactions += 1
    for change in try view.apply(command, index: view.index + 1) { agenda.note(change) }
    return result
  }

  /// Lets time pass, waking the loops wherever one of their timers ends.
  mutating func advance(_ duration: Duration) throws {
    let end = now + duration
    while let wake = agenda.nextWake, wake <= end {
      now = max(now, wake)
      try work()
    }
    now = end
  }

  /// What `ControlLoops` does when woken, until it has nothing to do.
  mutating func work() throws {
    for _ in 0..<100 {
      let before = view.index
      let (services, placement) = agenda.take(now: now) { view.services.map(\.id) }
      if services.isEmpty, !placement { return }
      let first = serial
      let reconciler = Reconciler(now: now, newID: { [box = Counter(first)] in TaskID("t\(box.next())") }, budget: TransactionBudget())
      let outcome = try update { try reconciler.run(services, placement: placement, in: &$0) }
      serial += 10_000
      for (service, wakeAt) in outcome.done { agenda.wake(service, at: wakeAt) }
      if let time = outcome.placeAgainAt { agenda.wakePlacement(at: time) }
      if outcome.hasMore { agenda.addEverything() }
      if let error = outcome.failed.values.first { throw error }
      if view.index == before, agenda.nextWake.map({ $0 > now }) ?? true { continue }
    }
    throw WarrenError(.internalError, "the loops do not come to rest")
  }

  /// Another manager leads: what the loops remembered is gone.
  mutating func loseLeader() {
    agenda = Agenda()
    agenda.begin(with: view.nodes, view.services)
  }

  static func policy(_ cluster: inout SimulatedCluster) -> UpdatePolicy {
    var policy = UpdatePolicy()
    policy.parallelism = cluster.pick([.slots(1), .slots(2), .slots(0), .percent(50)]) ?? .slots(1)
    policy.delay = cluster.pick([.zero, .zero, .seconds(2)]) ?? .zero
    policy.order = cluster.pick([nil, .startFirst, .stopFirst]) ?? nil
    policy.monitor = cluster.pick([.zero, .seconds(1), .seconds(5)]) ?? .zero
    policy.failureAction = cluster.pick([.pause, .rollback, .proceed]) ?? .pause
    policy.maxFailureRatio = cluster.pick([0, 0, 0.3]) ?? 0
    return policy
  }

  // MARK: Workers

  mutating func addNode(_ id: NodeID, availability: ClusterNode.Availability = .active) throws {
    var node = PlanFixture.node(id)
    node.availability = availability
    if ["n3", "n4"].contains(id) { node.description.architecture = "arm64" }
    let stored = view.node(id)
    try update { try $0.put(NodeRegistration.arrived(stored ?? node, stored: stored)) }
    alive.insert(id)
    obey(id)
  }

  mutating func loseNode(_ id: NodeID, stored: Bool) throws {
    alive.remove(id)
    guard stored, let node = view.node(id) else { return }
    try update { try $0.put(NodeRegistration.wentAway(node, silentFor: .seconds(10))) }
  }

  mutating func removeNode(_ id: NodeID) throws {
    alive.remove(id)
    containers[id] = nil
    if let node = view.node(id) { try update { try $0.remove(node) } }
  }

  /// The worker drops what is not assigned to it any more.
  private mutating func obey(_ id: NodeID) {
    let assigned = Dictionary(uniqueKeysWithValues: view.tasks(onNode: id).filter(\.isPlaced).map { ($0.id, $0) })
    containers[id, default: [:]] = containers[id, default: [:]].filter { task, container in
      guard let assigned = assigned[task] else { return false }
      return !(assigned.desiredState != .running && assigned.status.state.isTerminal)
    }
  }

  /// One step of one task on a worker that is alive, and its report.
  mutating func step(_ id: NodeID) throws {
    guard alive.contains(id) else { return }
    obey(id)
    let open = view.tasks(onNode: id).filter { $0.isPlaced && !$0.status.state.isTerminal }.sorted { $0.id < $1.id }
    guard let task = pick(open) else { return }
    var status = task.status
    status.since = now
    if task.desiredState != .running {
      status.state = status.state < .stopping ? .stopping : .shutdown
    } else {
      let fails = number(0..<100) < failureRate
      switch status.state {
      case .assigned: status.state = fails && number(0..<5) == 0 ? .rejected : .preparing
      case .preparing:
        status.state = fails ? .waiting : .starting
        if fails { status.lastExit = ExitStatus(code: -1, reason: "could not start", at: now) }
      case .waiting: (status.attempt, status.state) = (status.attempt + 1, .preparing)
      case .starting: status.state = .running
      case .running where fails && number(0..<10) == 0: status.state = .failed
      default: return
      }
    }
    try report(task, status, from: id)
  }

  /// What a worker does and says.
  mutating func report(_ task: ClusterTask, _ status: TaskStatus, from id: NodeID) throws {
    let runs = [.starting, .running, .stopping].contains(status.state)
    containers[id, default: [:]][task.id] = runs ? Container(slot: "\(task.serviceName).\(task.slot)", state: status.state) : nil
    let report = StatusReport(node: id, update: TaskStatusUpdate(taskID: task.id, status: status))
    let time = now
    try update { _ = try StatusReport.apply([report], to: &$0, now: time) }
    obey(id)
  }
}

/// Numbers for task ids.
private final class Counter {
  private var value: Int
  init(_ value: Int) { self.value = value }
  func next() -> Int {
    value += 1
    return value
  }
}
