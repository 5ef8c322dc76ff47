package import SimulationEngine

/// What a seed makes of a run: its size, speed, and which faults come how often. Each run has some classes of faults and not others,
/// because some mistakes only show where other faults are absent.
package struct Plan: Sendable {
  package var initialVoters: Int
  package var tick: VirtualTime = .milliseconds(30)
  package var electionTicks: Int
  package var heartbeatTicks: Int
  package var maximumInflight: Int
  package var maximumMessageBytes: Int
  package var maximumApplyingBytes: Int
  /// How long faults go on.
  package var faultPhase: VirtualTime
  package var meanFaultPause: VirtualTime
  package var clients: Int
  package var keys: Int
  /// How long a sync takes while nothing is wrong.
  package var sync: ClosedRange<VirtualTime>
  /// How long it takes to apply a batch.
  package var apply: ClosedRange<VirtualTime>
  package var link = Link()
  package var faults: [Fault] = []
  package var membershipPause: VirtualTime?
  package var compactionPause: VirtualTime?
  /// Percent of the nodes that let storage and applying run beside the core.
  package var asynchronousPercent: Int
  package var skewsClocks: Bool

  /// One a client, and one for the write after healing.
  package var sessions: Int { clients + 1 }
  package var electionTimeout: VirtualTime { electionTicks * tick }

  package init(random: inout SimulationRandom) {
    initialVoters = random.int(in: 3...7)
    electionTicks = 10
    heartbeatTicks = random.int(in: 1...3)
    maximumInflight = random.int(in: 2...16)
    maximumMessageBytes = random.pick([64, 256, 1024, 65536]) ?? 1024
    maximumApplyingBytes = random.pick([64, 1024, .max]) ?? .max
    faultPhase = .milliseconds(random.int(in: 4000...9000))
    meanFaultPause = .milliseconds(random.int(in: 150...900))
    clients = random.int(in: 2...6)
    keys = random.int(in: 2...5)
    sync = 100...(random.pick([500, 2000, 8000, 40_000]) ?? 500)
    apply = 50...random.int(in: 200...4000)
    asynchronousPercent = random.pick([0, 50, 100, 100]) ?? 100
    skewsClocks = random.chance(70)
    if random.chance(60) { link.dropPercent = random.int(in: 0...8) }
    if random.chance(50) { link.duplicatePercent = random.int(in: 0...10) }
    if random.chance(50) { link.reorderPercent = random.int(in: 0...15) }
    link.delay = 200...random.int(in: 500...15000)
    if random.chance(60) { membershipPause = .milliseconds(random.int(in: 150...1500)) }
    if random.chance(75) { compactionPause = .milliseconds(random.int(in: 100...1200)) }
    faults = Self.injected.filter { _ in random.chance(55) }
    // Who is lost has to be replaced.
    if membershipPause == nil, faults.contains(.wipe) || faults.contains(.bitFlip) { membershipPause = .milliseconds(800) }
  }

  /// The faults that come by themselves, at random times.
  static let injected: [Fault] = [
    .slowLinks, .oneWayCut, .partition, .connectionClosed, .crash, .crashWhileWriting, .syncStall, .syncFailure, .bitFlip, .pause, .longOutage, .wipe,
    .leaderTransfer, .forgetLeader,
  ]
}
