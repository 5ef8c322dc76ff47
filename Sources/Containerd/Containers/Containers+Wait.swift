package import ClusterModel
import Logging
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
        return await exitStatus(of: id, code: Int32(truncatingIfNeeded: response.exitStatus), at: Timestamp(response.exitedAt))
      } catch let error as WarrenError where error.code != .notFound {
        // containerd or the shim's connection went away in the middle; whether the task is still there decides.
        if let shim = Shim(of: id, namespace: client.namespace), let exit = try await wait(id, askingUntilContainerdIsBack: shim) { return exit }
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

  /// - Returns: nil when containerd answers before the container has ended, or the shim cannot be asked.
  private func wait(_ id: String, askingUntilContainerdIsBack shim: Shim) async throws -> ExitStatus? {
    let ended: (code: Int32, at: Timestamp)? = try await withThrowingTaskGroup(of: (code: Int32, at: Timestamp)?.self) { group in
      group.addTask {
        do { return try await shim.wait(id) } catch {
          logger.debug("shim.not-asked", metadata: ["container": "\(id)", "error": "\(error)"])
          return nil
        }
      }
      group.addTask {
        while (try? await client.version()) == nil { try await configuration.clock.sleep(for: .milliseconds(100)) }
        return nil
      }
      defer { group.cancelAll() }
      return try await group.next() ?? nil
    }
    guard let ended else { return nil }
    return await exitStatus(of: id, code: ended.code, at: ended.at)
  }

  private func exitStatus(of id: String, code: Int32, at: Timestamp) async -> ExitStatus {
    let killed = await OOMKills.count(cgroup: "/\(client.namespace)/\(id)") > 0
    return ExitStatus(code: code, reason: Self.reason(code: code, outOfMemory: killed), at: at)
  }

  /// - Returns: nil when it still runs after `limit`.
  func wait(_ id: String, atMost limit: Duration) async throws -> ExitStatus? {
    do { return try await withDeadline(limit, clock: configuration.clock) { try await wait(id) } } catch is DeadlineExceeded { return nil }
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
