import WarrenAPI

extension Warren_V1_Task {
  /// `web.1`; for a global service's task `web.<node>`.
  var displayName: String { slot > 0 ? "\(serviceName).\(slot)" : "\(serviceName).\(nodeID.isEmpty ? id : nodeID)" }
}

extension Warren_V1_TaskStatus {
  /// `waiting: exited with 1, restart in 2s`.
  var words: String { explanation.isEmpty ? stateWords : "\(stateWords): \(explanation)" }

  /// The state, and what the checks of a running task say unless all is well.
  var stateWords: String {
    guard state == .running else { return state.word }
    if hasHealth, !health.ready { return "running (not ready)" }
    if hasHealth, health.state == .unhealthy { return "running (unhealthy)" }
    return standby ? "running (standby)" : state.word
  }

  /// Whether it runs, and is ready if that is checked.
  var isUp: Bool { state == .running && (!hasHealth || health.ready) }

  /// What the probe that failed last said; the message; while it is being tried again, with what went wrong before.
  var explanation: String {
    if state == .running, hasHealth, !health.output.isEmpty { return health.output }
    let retrying = attempt > 0 && [.preparing, .starting].contains(state) && hasLastExit && !lastExit.reason.isEmpty
    guard retrying, !message.contains(lastExit.reason) else { return message }
    return message.isEmpty ? "before: \(lastExit.reason)" : "\(message); before: \(lastExit.reason)"
  }
}

extension Warren_V1_TaskState {
  var word: String {
    switch self {
    case .pending: "pending"
    case .assigned: "assigned"
    case .waiting: "waiting"
    case .preparing: "preparing"
    case .starting: "starting"
    case .running: "running"
    case .stopping: "stopping"
    case .complete: "complete"
    case .failed: "failed"
    case .rejected: "rejected"
    case .shutdown: "shutdown"
    case .orphaned: "orphaned"
    case .unspecified, .UNRECOGNIZED: "unknown"
    }
  }

  var isTerminal: Bool {
    switch self {
    case .complete, .failed, .rejected, .shutdown, .orphaned: true
    default: false
    }
  }
}
