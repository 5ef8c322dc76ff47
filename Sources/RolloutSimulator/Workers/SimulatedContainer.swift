import ClusterModel
import SimulationEngine

/// What a worker has of one task: its record of it, and the container.
struct SimulatedContainer {
  enum Step {
    case begin, prepared, started, ready, unready
    case ended(RestartDecider.Outcome)
    case stopped
  }

  var task: ClusterTask
  var status: TaskStatus
  var restarts = RestartDecider()
  /// The present state's; events of another one are void.
  var epoch = 0
  var ranFrom: VirtualTime = 0
  var isReported = true

  init(_ task: ClusterTask) {
    self.task = task
    status = task.status
  }

  var isProcess: Bool { [.starting, .running, .stopping].contains(status.state) }
}

/// A machine and its worker.
struct SimulatedWorker {
  let id: NodeID
  /// Whether the machine is on.
  var isAlive = true
  /// Whether the managers hear it and it hears them.
  var isConnected = true
  /// Numbers the times it was away.
  var absence = 0
  /// In the order in which they came.
  var containers: [SimulatedContainer] = []

  init(_ id: NodeID) { self.id = id }

  func position(of task: TaskID) -> Int? { containers.firstIndex { $0.task.id == task } }
}
