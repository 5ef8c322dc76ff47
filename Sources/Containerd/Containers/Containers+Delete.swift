package import ClusterModel
import Glibc
import Logging
import SwiftProtobuf

extension Containers {
  private static let killLimit = Duration.seconds(30)
  private static let removeAttempts = 5

  /// Removes the container's processes, record, snapshot and cgroups, whatever is left of it. Safe to repeat.
  ///
  /// - Returns: how it ended when this call found its last trace; nil when nothing had run.
  @discardableResult
  package func delete(_ id: String) async throws -> ExitStatus? {
    let exit = try await deleteTask(id)
    async let record: Void = deleteRecord(id)
    async let snapshot: Void = deleteSnapshot(id)
    try await record
    try await snapshot
    try await deleteCgroups(id)
    return exit
  }

  private func deleteTask(_ id: String) async throws -> ExitStatus? {
    guard let found = try await process(id) else {
      try await endShim(id)
      return nil
    }
    if found.status != .stopped {
      try await kill(id, .kill, all: true)
      if found.status != .created { _ = try? await wait(id, atMost: Self.killLimit) }
    }
    let started = found.status != .created
    for attempt in 1... {
      do {
        let response = try await unlessMissing {
          try await client.call("delete the container \(id)", timeout: .seconds(60)) { metadata, options in
            try await client.tasks.delete(.with { $0.containerID = id }, metadata: metadata, options: options)
          }
        }
        if response == nil { try await endShim(id) }
        guard let response, started else { return nil }
        let code = Int32(truncatingIfNeeded: response.exitStatus)
        return ExitStatus(code: code, reason: Self.reason(code: code, outOfMemory: false), at: Timestamp(response.exitedAt))
      } catch let error as WarrenError where attempt < Self.removeAttempts {
        // Still stopping, or its shim has just died and containerd is cleaning up behind it.
        logger.debug("container.delete.retry", metadata: ["container": "\(id)", "error": "\(error)"])
        try await configuration.clock.sleep(for: .milliseconds(100) * attempt)
        try await kill(id, .kill, all: true)
      }
    }
    return nil
  }

  /// Ends a shim of which containerd knows no container: containerd died when it had just started the shim, or before it had ended it.
  private func endShim(_ id: String) async throws {
    for attempt in 1...Self.removeAttempts {
      let processes = Shim.processes(of: id, namespace: client.namespace)
      if processes.isEmpty { return }
      for pid in processes { Glibc.kill(pid, SIGKILL) }
      logger.info("container.shim-ended", metadata: ["container": "\(id)", "pids": "\(processes)"])
      // The one that was just starting it may have done so meanwhile.
      try await configuration.clock.sleep(for: .milliseconds(10) * attempt)
    }
    logger.warning("container.shim-stays", metadata: ["container": "\(id)"])
  }

  private func deleteRecord(_ id: String) async throws {
    try await unlessMissing {
      try await client.call("delete the record of the container \(id)") { metadata, options in
        _ = try await client.containers.delete(.with { $0.id = id }, metadata: metadata, options: options)
      }
    }
  }

  func deleteSnapshot(_ id: String) async throws {
    for snapshotter in Self.snapshotters {
      for attempt in 1...Self.removeAttempts {
        do {
          try await removeSnapshot(id, snapshotter)
          break
        } catch let error as WarrenError where error.code == .notFound || error.code == .invalidArgument {
          break
        } catch  where attempt < Self.removeAttempts {
          // Still mounted by a shim that is going away.
          try await configuration.clock.sleep(for: .milliseconds(100) * attempt)
        }
      }
    }
  }

  private func removeSnapshot(_ id: String, _ snapshotter: String) async throws {
    try await client.call("delete the files of the container \(id)") { metadata, options in
      let request = Containerd_Services_Snapshots_V1_RemoveSnapshotRequest.with {
        $0.snapshotter = snapshotter
        $0.key = id
      }
      _ = try await client.snapshots.remove(request, metadata: metadata, options: options)
    }
  }
}
