package import ClusterModel
import Worker

/// A manager in memory, as a worker's session sees it: assigns tasks, takes reports as the real one does, and goes away when told to.
package actor FakeManager: ManagerSession {
  private var assigned: [TaskID: ClusterTask] = [:]
  private var stream: AsyncThrowingStream<Assignment, any Error>.Continuation?
  private var saidInThisLife: [TaskID: TaskStatus] = [:]
  private var refusal: WarrenError?
  private var lostReports = 0

  /// The worker's node, as it was told last.
  package private(set) var node: ClusterNode?
  /// How many sessions were opened.
  package private(set) var sessions = 0
  /// Attempts at opening one, also those refused.
  package private(set) var attempts = 0
  /// What must never happen, and did.
  package private(set) var violations: [String] = []

  package init() {}

  package func open(_ node: ClusterNode) async throws -> AsyncThrowingStream<Assignment, any Error> {
    attempts += 1
    if let refusal { throw refusal }
    sessions += 1
    self.node = node
    let (stream, continuation) = AsyncThrowingStream<Assignment, any Error>.makeStream()
    self.stream?.finish()
    self.stream = continuation
    continuation.yield(.complete(tasks))
    return stream
  }

  package func update(_ node: ClusterNode) async throws {
    if let refusal { throw refusal }
    self.node = node
  }

  package func report(_ node: NodeID, _ updates: [TaskStatusUpdate]) async throws {
    if let refusal { throw refusal }
    if lostReports > 0 {
      lostReports -= 1
      throw WarrenError(.unavailable, "the report was lost; send it again")
    }
    for update in updates {
      if let before = saidInThisLife.updateValue(update.status, forKey: update.taskID), before != update.status,
        !before.mayBeFollowed(by: update.status), before.state != update.status.state
      {
        violations.append("\(update.taskID) went from \(before.state) (\(before.attempt)) to \(update.status.state) (\(update.status.attempt))")
      }
      take(update)
    }
  }

  private func take(_ update: TaskStatusUpdate) {
    guard var task = assigned[update.taskID] else {
      stream?.yield(.change(updated: [], removed: [update.taskID]))
      return
    }
    guard task.status.mayBeFollowed(by: update.status) else { return }
    task.status = update.status
    assigned[task.id] = task
    if task.desiredState == .remove, task.status.state.isTerminal { drop(task.id) }
  }

  /// All that the worker should have.
  package var tasks: [ClusterTask] { assigned.values.sorted { $0.id < $1.id } }
  package func status(_ task: TaskID) -> TaskStatus? { assigned[task]?.status }

  package func assign(_ task: ClusterTask) {
    assigned[task.id] = task
    stream?.yield(.change(updated: [task], removed: []))
  }

  package func want(_ desired: ClusterTask.DesiredState, of id: TaskID) {
    guard var task = assigned[id] else { return }
    task.desiredState = max(task.desiredState, desired)
    if desired == .remove, task.status.state.isTerminal { return drop(id) }
    assign(task)
  }

  /// Forgets the task, whatever its worker makes of it.
  package func drop(_ id: TaskID) {
    assigned[id] = nil
    stream?.yield(.change(updated: [], removed: [id]))
  }

  /// Ends the session.
  package func disconnect() {
    stream?.finish(throwing: WarrenError(.unavailable, "the session was cut; open another"))
    stream = nil
  }

  /// Refuses sessions and reports from now on; nil takes them again.
  package func refuse(_ error: WarrenError?) {
    refusal = error
    if error != nil { disconnect() }
  }

  package func loseReports(_ count: Int) { lostReports = count }

  /// The worker is another process now: what its former life said before it wrote it down may be said again.
  package func workerRestarted() { saidInThisLife = [:] }
}
