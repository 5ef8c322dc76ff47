import ClusterModel
import SimulationEngine

/// What a seed makes of a run: its size, and what goes wrong how often. Each run has some troubles and not others, because some mistakes
/// only show where other troubles are absent.
package struct Plan: Sendable {
  /// Troubles that come by themselves, at random times.
  enum Trouble: CaseIterable {
    case drain, cutOff, machineDeath, replaceNode, leaderDeath
  }

  /// How the tasks of a template turn out.
  struct Behaviour {
    enum Fault: CaseIterable {
      case crashesSoon, crashesLater, cannotStart, neverReady, losesReadiness, noVariant, sometimesCrashes
    }

    var fault: Fault?
    var prepare: ClosedRange<VirtualTime>
    var readyAfter: ClosedRange<VirtualTime>

    init(fault: Fault?, random: inout SimulationRandom) {
      self.fault = fault
      prepare = .milliseconds(10)...(random.pick([.milliseconds(300), .seconds(3), .seconds(12)]) ?? .seconds(3))
      readyAfter = .milliseconds(10)...(random.pick([.milliseconds(500), .seconds(4)]) ?? .seconds(4))
    }
  }

  var nodes: Int
  var replicas: Int
  /// Beside the replicated service, which there always is.
  var hasGlobal: Bool
  var isGlobalOnly: Bool
  var troubles: [Trouble]
  /// How long users and troubles go on.
  var troublePhase: VirtualTime
  var meanUserPause: VirtualTime
  var meanTroublePause: VirtualTime
  /// Percent of the templates that are bad.
  var badPercent: Int
  var behaviours: [Behaviour]
  /// Bytes of one transaction: how far a step gets before the rest is planned anew.
  var transactionBytes: Int
  /// From a change in the store to a worker, and back.
  var link: ClosedRange<VirtualTime>
  /// Until the leader's loops have noticed.
  var loop: ClosedRange<VirtualTime>
  /// Whether a rollout that is paused in the end is resumed.
  var resumesInTheEnd: Bool
  var usesReadiness: Bool
  var usesConstraints: Bool
  /// Of tasks on a node. Nobody asks for start-first then, which would wait for room for ever.
  var usesLimits: Bool

  init(random: inout SimulationRandom) {
    nodes = random.int(in: 2...4)
    replicas = random.int(in: 1...5)
    let kind = random.int(in: 0..<10)
    isGlobalOnly = kind == 0
    hasGlobal = kind <= 2
    troubles = Trouble.allCases.filter { _ in random.chance(40) }
    troublePhase = .seconds(random.int(in: 20...110))
    // Who changes his mind each second overtakes every step.
    meanUserPause = random.chance(15) ? .milliseconds(random.int(in: 500...2500)) : .seconds(random.int(in: 4...25))
    meanTroublePause = .seconds(random.int(in: 4...25))
    badPercent = random.pick([0, 15, 30, 60]) ?? 30
    transactionBytes = random.pick([.max, .max, 6000, 2500]) ?? .max
    link = 0...(random.pick([.milliseconds(2), .milliseconds(300)]) ?? .milliseconds(2))
    loop = 0...(random.pick([.milliseconds(2), .milliseconds(150)]) ?? .milliseconds(2))
    resumesInTheEnd = random.chance(60)
    usesReadiness = random.chance(60)
    usesConstraints = random.chance(25)
    usesLimits = !usesConstraints && random.chance(15)
    let bad = badPercent
    behaviours = []
    for _ in 0..<12 {
      let fault = random.chance(bad) ? random.pick(Behaviour.Fault.allCases) : nil
      behaviours.append(Behaviour(fault: fault, random: &random))
    }
    // The first one is what the service has when all begins.
    behaviours[0].fault = nil
  }

  func behaviour(of task: ClusterTask) -> Behaviour {
    behaviours[Int(task.spec.container.image.dropFirst()).map { $0 % behaviours.count } ?? 0]
  }
}
