import ClusterModel

/// Tells from the ticks of a clock when a worker has to send a heartbeat, and when its manager is gone.
struct LinkPulse {
  enum Beat: Equatable {
    case nothing, heartbeat
    /// Why the session is over.
    case lost(String)
  }

  /// Of the manager's intervals without a sign of life (worker.proto).
  private static let patience = 3
  /// How long a manager that lives may take to open a session: it stores the node, and may be waiting for a leader.
  private static let opening = Duration.seconds(5)
  /// Before the manager has said how often: the first sign of life takes a connection.
  private static let first = (interval: Duration.milliseconds(500), patience: 4)
  private static let sensible = Duration.milliseconds(50)...Duration.seconds(60)

  /// How long until the next tick.
  private(set) var interval = Self.first.interval
  private var workerInterval: Duration?
  private var patience = Self.first.patience
  private var missed = 0
  private var sinceBeat = Duration.zero
  private var sinceDial = Duration.zero

  /// How long nothing has come from the manager.
  var silence: Duration { interval * missed }

  /// Something came from the manager.
  mutating func heard() {
    missed = 0
    patience = Self.patience
  }

  mutating func opened(workerInterval: Duration, managerInterval: Duration) {
    self.workerInterval = min(max(workerInterval, Self.sensible.lowerBound), Self.sensible.upperBound)
    interval = min(max(managerInterval, Self.sensible.lowerBound), Self.sensible.upperBound)
  }

  /// The interval has passed.
  mutating func tick() -> Beat {
    missed += 1
    if missed >= patience { return .lost("it has not been heard of for \(silence)") }
    guard let workerInterval else {
      sinceDial += interval
      return sinceDial < Self.opening ? .nothing : .lost("it did not open a session within \(Self.opening)")
    }
    sinceBeat += interval
    if sinceBeat < workerInterval { return .nothing }
    sinceBeat = .zero
    return .heartbeat
  }
}
