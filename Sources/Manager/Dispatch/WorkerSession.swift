import ClusterModel
import Orchestration
import Raft

/// A worker's open stream of assignments.
struct WorkerSession {
  typealias Stream = AsyncThrowingStream<Assignment, any Error>

  /// Messages a worker may leave unread before its session is ended; it opens another then and starts from the complete set.
  static let unreadLimit = 1024

  /// Unique among the sessions of this manager.
  let number: UInt64
  let continuation: Stream.Continuation
  /// How long nothing has been heard of the worker.
  let silence: @Sendable () -> Duration
  /// Its daemon is about to begin anew, so that it is away for as long as that takes.
  var isRestarting = false
  /// Everything up to here has been told.
  var toldUntil: LogIndex = 0

  mutating func sendAll(_ view: StoreView, of node: NodeID) {
    toldUntil = view.index
    send(.complete(view.tasks(onNode: node).filter(\.isPlaced).sorted { $0.id < $1.id }))
  }

  mutating func send(_ changes: NodeChanges, until index: LogIndex) {
    toldUntil = max(toldUntil, index)
    if !changes.isEmpty { send(.change(updated: changes.updated.values.sorted { $0.id < $1.id }, removed: changes.removed.sorted())) }
  }

  /// Tells the worker to clean up a task that no longer exists.
  func sendRemoval(of tasks: [TaskID]) { send(.change(updated: [], removed: tasks)) }

  private func send(_ assignment: Assignment) {
    if case .dropped = continuation.yield(assignment) {
      end(WarrenError(.resourceExhausted, "The worker left \(Self.unreadLimit) assignments unread. Open a new session."))
    }
  }

  func end(_ error: WarrenError) { continuation.finish(throwing: error) }
}

/// What one node's worker has to be told after a stretch of the log.
struct NodeChanges {
  private(set) var updated: [TaskID: ClusterTask] = [:]
  private(set) var removed: Set<TaskID> = []

  var isEmpty: Bool { updated.isEmpty && removed.isEmpty }

  /// Notes one task's change as far as it matters to its worker: the worker's own reports coming back do not.
  static func note(old: ClusterTask?, new: ClusterTask?, in changes: inout [NodeID: NodeChanges]) {
    let was = old.flatMap { $0.isPlaced ? $0 : nil }
    if let new, new.isPlaced, let node = new.nodeID {
      if let was, was.desiredState == new.desiredState, was.revision == new.revision, was.spec == new.spec, was.isStandby == new.isStandby { return }
      changes[node, default: NodeChanges()].updated[new.id] = new
    } else if let was, let node = was.nodeID {
      changes[node, default: NodeChanges()].updated[was.id] = nil
      changes[node, default: NodeChanges()].removed.insert(was.id)
    }
  }
}
