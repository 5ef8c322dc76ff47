import SwiftProtobuf
import WarrenAPI

/// How far a service is from what was asked, folded from the task watch. Pure: told about changes, asked for words.
struct ServiceProgress {
  enum Goal: Equatable {
    /// Every slot settled, everything else gone; nil replicas means a global service.
    case running(replicas: Int?)
    /// No task left.
    case gone
  }

  let name: String
  let goal: Goal
  private(set) var tasks: [String: Warren_V1_Task] = [:]
  private(set) var synced = false
  /// Services that have to be up before it gets its first tasks.
  var waitingFor: [String] = []
  /// By task, the words it was reported with. One that is tried again and again says the same each time.
  private var told: [String: Set<String>] = [:]
  /// By task, since when it has been as it is, as far as could be seen from here: its node's clock may be ahead of this one.
  private var seen: [String: (status: Warren_V1_TaskStatus, at: Google_Protobuf_Timestamp)] = [:]

  init(name: String, goal: Goal) {
    self.name = name
    self.goal = goal
  }

  /// Returns the task when its state and words were not reported before.
  mutating func apply(_ change: Warren_V1_WatchTasksResponse, now: Google_Protobuf_Timestamp) -> Warren_V1_Task? {
    switch change.kind {
    case .synced: synced = true
    case .removed:
      tasks[change.task.id] = nil
      seen[change.task.id] = nil
    case .updated:
      tasks[change.task.id] = change.task
      if seen[change.task.id]?.status != change.task.status { seen[change.task.id] = (change.task.status, now) }
      return told[change.task.id, default: []].insert(change.task.status.words).inserted ? change.task : nil
    default: break
    }
    return nil
  }

  /// Whether nothing is known that would say why it is not there.
  var lacksReason: Bool { synced && tasks.isEmpty && goal != .gone && goal != .running(replicas: 0) }

  /// Tasks that are wanted, in the order of their slots.
  var wanted: [Warren_V1_Task] {
    tasks.values.filter { $0.desiredState == .running && fits($0) }.sorted { ($0.slot, $0.id) < ($1.slot, $1.id) }
  }

  var desired: Int {
    switch goal {
    case .running(let replicas): replicas ?? wanted.count
    case .gone: 0
    }
  }

  func running(now: Google_Protobuf_Timestamp) -> Int { wanted.filter { isSettled($0, now: now) }.count }

  func isConverged(now: Google_Protobuf_Timestamp) -> Bool {
    guard synced else { return false }
    let leftovers = tasks.values.contains { !($0.desiredState == .running && fits($0)) && !$0.status.state.isTerminal }
    switch goal {
    case .gone: return tasks.isEmpty
    case .running(nil): return !wanted.isEmpty && running(now: now) == wanted.count && !leftovers
    case .running(let replicas?): return Set(wanted.filter { isSettled($0, now: now) }.map(\.slot)).count >= replicas && !leftovers
    }
  }

  /// How much longer to look before it counts: what cannot run mostly ends in its first moment, and that is worth waiting for. What fails
  /// later shows in `service ps`.
  func settling(now: Google_Protobuf_Timestamp) -> Duration {
    let ages = wanted.filter { $0.status.state == .running }.map { age(of: $0, now: now) }
    return ages.min().map { .milliseconds(30) - $0 } ?? .zero
  }

  /// For how long it has been as it is.
  private func age(of task: Warren_V1_Task, now: Google_Protobuf_Timestamp) -> Duration {
    let since = seen[task.id].map { min($0.at.sinceEpoch, task.status.since.sinceEpoch) } ?? task.status.since.sinceEpoch
    return now.sinceEpoch - since
  }

  /// The task whose restart policy has given up: waiting longer is pointless.
  var givenUp: Warren_V1_Task? { goal == .gone ? nil : wanted.first { $0.status.state == .failed } }

  /// Why it is not there yet: one reason per task, the same words once.
  func reasons(now: Google_Protobuf_Timestamp) -> [String] {
    if tasks.isEmpty, !waitingFor.isEmpty { return ["starts after \(waitingFor.joined(separator: ", "))"] }
    if tasks.isEmpty, synced, case .running(nil) = goal { return ["no node fits yet"] }
    let pending = goal == .gone ? tasks.values.sorted { ($0.slot, $0.id) < ($1.slot, $1.id) } : wanted.filter { !isSettled($0, now: now) }
    var seen = Set<String>()
    return pending.compactMap { task in
      let words = task.status.words
      return seen.insert(words).inserted ? "\(task.displayName) \(words)" : nil
    }
  }

  /// A container that was restarted counts once it has stayed up for a while: one that crashes at start looks running for a moment.
  private func isSettled(_ task: Warren_V1_Task, now: Google_Protobuf_Timestamp) -> Bool {
    switch task.status.state {
    case .complete: true
    case .running where !task.status.isUp: false
    case .running: task.status.attempt == 0 || age(of: task, now: now) >= .seconds(5)
    default: false
    }
  }

  private func fits(_ task: Warren_V1_Task) -> Bool {
    guard case .running(let replicas?) = goal else { return true }
    return Int(task.slot) <= replicas
  }
}

extension Google_Protobuf_Timestamp {
  fileprivate var sinceEpoch: Duration { .seconds(seconds) + .nanoseconds(Int64(nanos)) }
}
