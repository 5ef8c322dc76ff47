import Raft
import SimulationEngine

/// A member's machine: its disk outlives the process, everything else is gone with it.
package final class SimulatedNode {
  /// One write and what may be sent when it is synced.
  struct AppendJob {
    var write: DiskWrite
    var messages: [Message]
  }

  struct ApplyJob {
    var entries: [Entry]
    var messages: [Message]
  }

  struct Read {
    var client: Int
    var attempt: Int
    var key: Int
  }

  struct Write {
    var sequence: UInt64
    var attempt: Int
  }

  package let id: UInt64
  /// How long this machine's clock takes for a tick.
  let tick: VirtualTime
  let isAsynchronous: Bool
  var random: SimulationRandom
  var disk = SimulatedDisk()

  /// Nil while the process does not run.
  var process: MemberProcess?
  /// Rises with each start.
  var epoch = 0
  var isPaused = false
  /// What came while the process was paused.
  var waitingEvents: [Event] = []
  /// Its disk is gone for good.
  var isLost = false
  /// Its disk is damaged, which it will find when it starts.
  var isDoomed = false
  /// Its id was given to a change: it may be in some log.
  var hasJoined = false
  /// Never starts again.
  var isRetired = false
  /// No longer a member, by an applied change.
  var isRemoved = false
  var stallUntil: VirtualTime = 0
  var failsNextSync = false
  /// Power fails between the next write and its sync.
  var crashesAtNextWrite = false

  /// In the order of the disk's unsynced writes.
  var appends: [AppendJob] = []
  var applies: [ApplyJob] = []
  var isApplying = false
  /// What a synchronous node is busy with.
  var outstanding: Ready?
  /// Wait until their term is durable here.
  var held: [Message] = []

  var registers = Registers(keys: 0, sessions: 0)
  var appliedIndex: LogIndex = 0
  var appliedTerm: Term = 0
  var configuration = ConfigurationState()
  var reads: [UInt64: Read] = [:]
  var readsToServe: [ReadState] = []
  var readContext = 0
  /// By session.
  var writes: [UInt64: Write] = [:]

  init(id: UInt64, tick: VirtualTime, isAsynchronous: Bool, random: SimulationRandom) {
    self.id = id
    self.tick = tick
    self.isAsynchronous = isAsynchronous
    self.random = random
  }

  var memberID: MemberID { MemberID(rawValue: id) }
  var isUp: Bool { process != nil }
  /// Takes part, or will when its process runs again.
  var isMember: Bool { !isLost && !isRemoved }
  var isLeader: Bool { process?.softState.role == .leader }
  var leader: UInt64 { process?.softState.leader.rawValue ?? 0 }
  var term: Term { process?.hardState.term ?? disk.synced.hardState.term }
  var commit: LogIndex { process?.hardState.commit ?? disk.synced.hardState.commit }

  func stop() {
    process = nil
    epoch += 1
    isPaused = false
    waitingEvents = []
    failsNextSync = false
    crashesAtNextWrite = false
    appends = []
    applies = []
    isApplying = false
    outstanding = nil
    held = []
    reads = [:]
    readsToServe = []
    writes = [:]
  }

  /// Starts the process from what the disk has kept.
  func start(from log: StableLog, plan: Plan) throws(RaftError) {
    if let snapshot = log.snapshot {
      adopt(snapshot)
    } else {
      registers = Registers(keys: plan.keys, sessions: plan.sessions)
      (appliedIndex, appliedTerm, configuration) = (0, 0, ConfigurationState())
    }
    var options = RaftOptions(id: memberID, electionTicks: plan.electionTicks, heartbeatTicks: plan.heartbeatTicks)
    // Some ask again early, some as the paper has it.
    if id.isMultiple(of: 2) { options.candidateRetryTicks = 2...5 }
    options.maxInflightMessages = plan.maximumInflight
    options.maxMessageSize = plan.maximumMessageBytes
    options.maxApplyingSize = plan.maximumApplyingBytes
    options.asyncStorageWrites = isAsynchronous
    var hardState = disk.hardState
    // A snapshot stands for what was committed.
    if !hardState.isEmpty { hardState.commit = max(hardState.commit, appliedIndex) }
    process = MemberProcess(
      try RawNode(
        options: options, hardState: hardState, configuration: configuration, stable: log, applied: appliedIndex, random: random.fork()))
  }

  func adopt(_ snapshot: Snapshot) {
    guard let state = Registers(bytes: snapshot.data) else { preconditionFailure("a simulated snapshot holds registers") }
    registers = state
    appliedIndex = snapshot.metadata.index
    appliedTerm = snapshot.metadata.term
    configuration = snapshot.metadata.configuration
  }

  /// The state machine as it is, to be sent to others and to cut the log off behind.
  var currentSnapshot: Snapshot {
    Snapshot(metadata: SnapshotMetadata(index: appliedIndex, term: appliedTerm, configuration: configuration), data: registers.bytes)
  }
}

extension Snapshot {
  /// What the founding members of a simulated cluster start with.
  static func bootstrap(voters: [UInt64], registers: Registers) -> Snapshot {
    let configuration = ConfigurationState(voters: MemberSet(voters.map { MemberID(rawValue: $0) }))
    return Snapshot(metadata: SnapshotMetadata(index: 1, term: 1, configuration: configuration), data: registers.bytes)
  }
}
