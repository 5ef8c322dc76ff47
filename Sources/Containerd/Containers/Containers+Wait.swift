package import ClusterModel
import SwiftProtobuf

extension Containers {
  /// Waits until the container's first process has ended, across restarts of containerd.
  ///
  /// Open it before `start`: an end in between is then not missed. A container that had ended already answers at once.
  /// - Throws: `WarrenError(.notFound)` when it is not there, or its shim died and took the exit code with it.
  package func wait(_ id: String) async throws -> ExitStatus {
    var pause = Duration.milliseconds(50)
    while true {
      do {
        let response = try await client.call("wait for the container \(id)", timeout: nil) { metadata, options in
          try await client.tasks.wait(.with { $0.containerID = id }, metadata: metadata, options: options)
        }
        let code = Int32(truncatingIfNeeded: response.exitStatus)
        let killed = await OOMKills.count(cgroup: "/\(client.namespace)/\(id)") > 0
        return ExitStatus(code: code, reason: Self.reason(code: code, outOfMemory: killed), at: Timestamp(response.exitedAt))
      } catch let error as WarrenError where error.code != .notFound {
        // containerd or the shim's connection went away in the middle; whether the task is still there decides.
        try await configuration.clock.sleep(for: pause)
        pause = min(pause * 2, .seconds(1))
        do {
          guard try await process(id) != nil else { throw WarrenError(.notFound, "the container \(id) is gone; its exit code is lost") }
        } catch let error as WarrenError where error.code != .notFound {
          continue
        }
      }
    }
  }

  /// - Returns: nil when it still runs after `limit`.
  func wait(_ id: String, atMost limit: Duration) async throws -> ExitStatus? {
    try await withThrowingTaskGroup(of: ExitStatus?.self) { group in
      group.addTask { try await wait(id) }
      group.addTask {
        try await configuration.clock.sleep(for: limit)
        return nil
      }
      defer { group.cancelAll() }
      return try await group.next() ?? nil
    }
  }

  /// How an end is told to people.
  package static func reason(code: Int32, outOfMemory: Bool) -> String {
    let killed: Int32 = 128 + Signal.kill.number
    if outOfMemory { return code == killed ? "out of memory" : "exited with \(code) after running out of memory" }
    switch code {
    case 0: return "exited"
    case 129...192: return "killed by \(Signal(number: code - 128))"
    default: return "exited with \(code)"
    }
  }
}
