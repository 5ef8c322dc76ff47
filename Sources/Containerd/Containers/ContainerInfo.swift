package import ClusterModel

/// One container of ours, as containerd knows it.
package struct ContainerInfo: Hashable, Sendable, Identifiable {
  package enum State: Hashable, Sendable {
    /// Made, its first process waits to be started.
    case created
    case running
    case paused
    case stopped
    /// Recorded, but nothing runs and no exit is known: its creation was cut short, or the machine or its shim died.
    case lost
    /// Only its snapshot is left.
    case leftover
  }

  package var id: String
  package var labels: [String: String]
  package var image: String
  /// The recipe's; empty when only a snapshot or a process is left.
  package var memo: [UInt8] = []
  package var state: State
  /// 0 unless created, running or paused.
  package var pid: Int
  /// When stopped.
  package var exitCode: Int32?
  package var exitedAt: Timestamp?

  package init(id: String, labels: [String: String] = [:], image: String = "", state: State, pid: Int = 0) {
    self.id = id
    self.labels = labels
    self.image = image
    self.state = state
    self.pid = pid
  }
}
