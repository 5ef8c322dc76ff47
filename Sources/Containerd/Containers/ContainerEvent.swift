package import ClusterModel

/// What happened to a container.
package enum ContainerEvent: Hashable, Sendable {
  /// Every container there is, in this moment: first on the stream, and again after each reconnection, because events sent meanwhile
  /// are lost.
  case listed([ContainerInfo])
  case started(id: String, pid: Int)
  /// Its first process ended; `Containers.wait` tells the reason.
  case exited(id: String, code: Int32, at: Timestamp)
  /// The kernel killed one of its processes for want of memory.
  case outOfMemory(id: String)
}
