import ClusterModel

/// How often the two ends of a worker's session let each other know that they are there.
package struct SessionTiming: Sendable, Equatable {
  /// Who hears nothing for so many of the other's intervals takes it for gone. The worker counts so, too: see worker.proto.
  static let patience = 3

  /// Rarely: what a worker's silence leads to has to wait for the grace of its node anyway.
  package var workerInterval: Duration
  /// Often: a worker leaves a manager that has fallen silent within less than 2 s.
  package var managerInterval: Duration

  package init(workerInterval: Duration = .seconds(2), managerInterval: Duration = .milliseconds(500)) {
    self.workerInterval = workerInterval
    self.managerInterval = managerInterval
  }

  /// - Parameter downAfter: how long a worker may be away before its node counts as down: its silence is noticed well before.
  package init(downAfter: Duration) {
    self.init(workerInterval: min(.seconds(2), downAfter / 4))
  }
}
