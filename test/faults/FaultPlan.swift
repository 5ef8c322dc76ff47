import SimulationEngine

/// Which faults happen when: all of it follows from the seed. At the end nothing is wrong any more.
///
/// Managers and workers have a lane each. A manager's fault may begin before the one before it is over, on another manager: then there is no
/// quorum for a while. One worker is never touched: what runs there must not notice anything.
struct FaultPlan: Sendable {
  /// What faults happen to; the first `managers` are the cluster's.
  struct Machines: Sendable {
    var managers = ["h1", "h2", "h3"]
    var workers = ["h4", "h5"]
    /// Joins and goes.
    var spare = "h6"
    /// Stands for the manager that leads when the fault begins, or another one when that one has a fault already.
    static let leader = "leader"
  }

  struct Step: Equatable, Sendable, CustomStringConvertible {
    /// Milliseconds from the beginning.
    var at: Int
    /// Of the fault; its beginning and its end share it.
    var number: Int
    var begins: Bool
    var kind: FaultKind
    var target: String

    var description: String { "\(at) \(begins ? "begin" : "end") \(number) \(kind.rawValue) \(target)" }
  }

  let sheltered: String
  private(set) var steps: [Step] = []
  private var faults = 0
  private var random: SimulationRandom

  init(seed: UInt64, milliseconds: Int, machines: Machines = Machines()) {
    random = SimulationRandom(seed: seed)
    sheltered = random.pick(machines.workers) ?? ""
    let exposed = machines.workers.filter { $0 != sheltered }
    addLane(FaultKind.ofManagers, on: [Machines.leader] + machines.managers, until: milliseconds, mayOverlap: true)
    addLane(FaultKind.ofWorkers, on: exposed, until: milliseconds, mayOverlap: false)
    addMembership(machines.spare, until: milliseconds)
    steps.sort { ($0.at, $0.number, $0.begins ? 0 : 1) < ($1.at, $1.number, $1.begins ? 0 : 1) }
  }

  /// Each kind happens once before one happens again.
  private mutating func addLane(_ kinds: [FaultKind], on targets: [String], until end: Int, mayOverlap: Bool) {
    var bag: [FaultKind] = []
    var active: [(target: String, end: Int, alone: Bool)] = []
    var at = random.int(in: 500...2000)
    while at < end {
      if bag.isEmpty { bag = kinds.shuffled(using: &random) }
      let kind = bag.removeLast()
      let alone = kind == .restartAll
      active.removeAll { $0.end < at }
      if active.count > 1 || alone || active.contains(where: \.alone) {
        at = active.map { $0.end + 500 }.max() ?? at
        active = []
      }
      let busy = active.map(\.target)
      guard let target = random.pick(targets.filter { !busy.contains($0) }) else { break }
      let over = at + (kind.duration.map { random.int(in: $0) } ?? 0)
      guard over < end else {
        // A shorter one may still fit.
        at += 1000
        continue
      }
      add(kind, alone ? "managers" : target, from: at, to: over)
      active.append((target, over, alone))
      at = mayOverlap && random.chance(25) ? at + max(1, (over - at) / 2) : over + random.int(in: 700...2500)
    }
  }

  private mutating func addMembership(_ spare: String, until end: Int) {
    let at = end / 8 + random.int(in: 0...end / 8)
    add(random.chance(50) ? .joinManager : .joinWorker, spare, from: at, to: at)
    let later = at + end / 2
    add(random.chance(50) ? .leave : .remove, spare, from: later, to: later)
  }

  private mutating func add(_ kind: FaultKind, _ target: String, from begin: Int, to end: Int) {
    faults += 1
    steps.append(Step(at: begin, number: faults, begins: true, kind: kind, target: target))
    if kind.duration != nil { steps.append(Step(at: end, number: faults, begins: false, kind: kind, target: target)) }
  }
}
