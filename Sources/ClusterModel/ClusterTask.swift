/// One run of one slot on one node: the unit of scheduling. A task never moves; a replacement is a new task.
package struct ClusterTask: Hashable, Sendable, Identifiable {
  /// What the store wants of the task.
  package enum DesiredState: UInt8, Sendable, Comparable {
    case running = 1
    /// Stop it, keep its record (it is shown as history).
    case shutdown
    /// Stop it and forget it once the worker has cleaned up.
    case remove

    package static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }
  }

  package var id: TaskID
  package var meta = Meta()
  package var serviceID: ServiceID
  package var serviceName: String
  /// 1…replicas; 0 for the task of a global service.
  package var slot: Int
  /// Set by the scheduler, once.
  package var nodeID: NodeID?
  package var revision: UInt64
  package var spec: TaskSpec
  package var desiredState = DesiredState.running
  package var status = TaskStatus()
  /// When it had been up for as long as its rollout watched it.
  package var provenAt: Timestamp?
  /// When the managers heard that its present attempt runs, by their clock: its node's may be another.
  package var runningSince: Timestamp?
  /// Runs beside those that serve, in no published port.
  package var isStandby = false
  /// When it was no longer meant to run.
  package var retiredAt: Timestamp?
  /// The revision that it was stopped for; 0 if for none.
  package var supersededBy: UInt64 = 0
  package var unknown = UnknownFields()

  package init(id: TaskID, serviceID: ServiceID, serviceName: String, slot: Int, revision: UInt64, spec: TaskSpec) {
    self.id = id
    self.serviceID = serviceID
    self.serviceName = serviceName
    self.slot = slot
    self.revision = revision
    self.spec = spec
  }

  /// What says when it is ready; nil when it is as soon as it runs.
  package var readinessCheck: HealthCheck? { spec.readiness ?? imageCheck }

  /// The image's own check, where it counts: as both, when the service has neither.
  package var imageCheck: HealthCheck? {
    spec.readiness == nil && spec.liveness == nil && !spec.ignoresImageHealth ? status.imageCheck : nil
  }

  /// `web.1`; for a global service's task `web.<node>`.
  package var displayName: String {
    slot > 0 ? "\(serviceName).\(slot)" : "\(serviceName).\(nodeID?.rawValue ?? id.rawValue)"
  }
}

/// Where a task is in its life, as last reported. Within one attempt states only grow; a restart starts the next attempt.
package enum TaskState: UInt8, Sendable, Comparable, CaseIterable, Codable {
  /// Not placed yet; the status message says why.
  case pending = 1
  /// Placed; the worker has not reported on it.
  case assigned
  /// Between two attempts (restart delay).
  case waiting
  /// Pulling the image, making network, snapshot and container.
  case preparing
  case starting
  case running
  /// The stop signal was sent.
  case stopping
  /// Exited with 0 and will not be restarted.
  case complete
  /// Given up: the restart policy allows no further attempt.
  case failed
  /// The image has no variant for the node's platform, however often it is tried; a node of another platform may run it.
  case rejected
  /// Stopped because that was desired.
  case shutdown
  /// Its node is gone.
  case orphaned

  package static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }
  /// No further state follows.
  package var isTerminal: Bool { self >= .complete }
}

package struct ExitStatus: Hashable, Sendable {
  /// The reason of a container that its machine took down, for which it is not to blame.
  package static let lostWithItsMachine = "lost when its machine went down"

  package static let mostLastLines = 10
  package static let longestLastLine = 240

  /// 128 + n after a death by signal n; -1 when the process never started.
  package var code: Int32
  /// For people: `exited`, `killed by SIGKILL`, `out of memory`, `could not start: …`.
  package var reason: String
  package var at: Timestamp
  /// Of its log, when it failed.
  package var lastLines: [String] = []
  package var unknown = UnknownFields()

  package init(code: Int32, reason: String, at: Timestamp) {
    self.code = code
    self.reason = reason
    self.at = at
  }
}

/// A worker's report on a task.
package struct TaskStatus: Hashable, Sendable {
  /// How often the worker has restarted the task's container.
  package var attempt = 0
  package var state = TaskState.pending
  /// Why it is in this state, for people: the scheduler's words, the registry's words, the restart delay.
  package var message = ""
  package var since = Timestamp.epoch
  package var containerID = ""
  package var pid = 0
  /// The container's address on its node's bridge; empty with the host's network.
  package var address = ""
  /// How the last attempt ended.
  package var lastExit: ExitStatus?
  package var nextAttemptAt: Timestamp?
  /// While it runs, if it has checks.
  package var health: TaskHealth?
  /// What its image asks for.
  package var imageCheck: HealthCheck?
  /// It is out of the published ports because that was asked for.
  package var isStandby = false
  package var unknown = UnknownFields()

  package init(state: TaskState = .pending, attempt: Int = 0, message: String = "", since: Timestamp = .epoch) {
    self.state = state
    self.attempt = attempt
    self.message = message
    self.since = since
  }

  /// Whether it runs, and is ready if that is checked.
  package var isUp: Bool { state == .running && health?.isReady != false }

  /// Whether it is in its published ports.
  package var isServing: Bool { isUp && !isStandby }

  /// Observed state only moves forward: a report is taken when its attempt is later, or its state is later in the same attempt,
  /// or only its details changed; nothing follows a terminal state.
  package func mayBeFollowed(by next: TaskStatus) -> Bool {
    if state.isTerminal { return false }
    return next.state.isTerminal || (next.attempt, next.state) >= (attempt, state)
  }
}
