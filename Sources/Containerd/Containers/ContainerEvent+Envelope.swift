import ClusterModel
import SwiftProtobuf

extension ContainerEvent {
  /// - Returns: nil for an event that says nothing about a container's first process.
  init?(_ envelope: Containerd_Services_Events_V1_Envelope) {
    let payload = envelope.event.value
    switch envelope.topic {
    case "/tasks/start":
      guard let start = try? Containerd_Events_TaskStart(serializedBytes: payload) else { return nil }
      self = .started(id: start.containerID, pid: Int(start.pid))
    case "/tasks/exit":
      guard let exit = try? Containerd_Events_TaskExit(serializedBytes: payload), exit.id == exit.containerID else { return nil }
      self = .exited(id: exit.containerID, code: Int32(truncatingIfNeeded: exit.exitStatus), at: Timestamp(exit.exitedAt))
    case "/tasks/oom":
      guard let oom = try? Containerd_Events_TaskOOM(serializedBytes: payload) else { return nil }
      self = .outOfMemory(id: oom.containerID)
    default: return nil
    }
  }
}
