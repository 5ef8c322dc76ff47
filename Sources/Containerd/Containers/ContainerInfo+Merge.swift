import ClusterModel
import SwiftProtobuf

extension ContainerInfo {
  /// One list from the three that containerd keeps.
  static func merge(
    containers: [Containerd_Services_Containers_V1_Container], tasks: [Containerd_V1_Types_Process],
    snapshots: [Containerd_Services_Snapshots_V1_Info]
  ) -> [ContainerInfo] {
    var result: [String: ContainerInfo] = [:]
    for container in containers {
      var info = ContainerInfo(id: container.id, labels: container.labels, image: container.image, state: .lost)
      if let memo = container.extensions[Containers.memoKey] { info.memo = Array(memo.value) }
      result[container.id] = info
    }
    for snapshot in snapshots {
      guard let id = snapshot.labels[Containers.containerLabel], result[id] == nil else { continue }
      result[id] = ContainerInfo(id: id, labels: snapshot.labels, state: .leftover)
    }
    // A task's process carries the container's id in `id`; 1.6 leaves `container_id` empty.
    for task in tasks { result[task.id, default: ContainerInfo(id: task.id, state: .lost)].take(task) }
    return result.values.sorted { $0.id < $1.id }
  }

  private mutating func take(_ task: Containerd_V1_Types_Process) {
    switch task.status {
    case .created: state = .created
    case .running: state = .running
    case .paused, .pausing: state = .paused
    case .stopped:
      state = .stopped
      exitCode = Int32(truncatingIfNeeded: task.exitStatus)
      exitedAt = Timestamp(task.exitedAt)
      return
    case .unknown, .UNRECOGNIZED: return
    }
    pid = Int(task.pid)
  }
}

extension Timestamp {
  init(_ time: SwiftProtobuf.Google_Protobuf_Timestamp) { self.init(seconds: time.seconds, nanoseconds: time.nanos) }
}
