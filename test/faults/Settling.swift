import WarrenAPI

/// Whether everything is as was asked for, as each manager sees it.
struct Settling: Sendable {
  struct Outcome: Sendable {
    /// Nil: not in time.
    var milliseconds: Int?
    var missing = ""
    var placements: [History.Placement] = []
  }

  let managers: [Manager]

  func wait(for bound: Duration) async -> Outcome {
    let clock = ContinuousClock()
    let begin = clock.now
    while true {
      var outcome = Outcome()
      do {
        outcome.placements = try await look()
        outcome.milliseconds = Int((clock.now - begin) / .milliseconds(1))
        return outcome
      } catch {
        outcome.missing = "\(error)"
      }
      if clock.now - begin > bound { return outcome }
      try? await clock.sleep(for: .milliseconds(250))
    }
  }

  private struct Missing: Error, CustomStringConvertible {
    let description: String
  }

  /// - Throws: what is not yet as it should be.
  private func look() async throws -> [History.Placement] {
    var leaders: Set<String> = []
    for manager in managers {
      let info = try await manager.info()
      leaders.insert(info.leaderID)
      for server in info.servers where server.suffrage != .voter || !server.healthy {
        throw Missing(description: "\(manager.name) says that manager \(server.id) is \(server.suffrage), healthy: \(server.healthy)")
      }
    }
    if leaders.count != 1 { throw Missing(description: "managers name several leaders: \(leaders.sorted())") }
    for node in try await managers[0].nodes() where node.state != .ready {
      throw Missing(description: "node \(node.id) is \(node.state): \(node.message)")
    }
    for service in try await managers[0].services() where service.deleting || service.tally.running != service.tally.desired {
      let state = service.deleting ? "is still being deleted" : "runs \(service.tally.running) of \(service.tally.desired)"
      throw Missing(description: "service \(service.spec.name) \(state)")
    }
    let done: [Warren_V1_TaskState] = [.complete, .failed, .rejected, .shutdown, .orphaned]
    return try await managers[0].tasks().compactMap { task in
      if done.contains(task.status.state) { return nil }
      guard task.desiredState == .running, task.status.state == .running else {
        throw Missing(description: "task \(task.id) of \(task.serviceName) on \(task.nodeID) is \(task.status.state), wanted \(task.desiredState)")
      }
      return History.Placement(node: task.nodeID, container: task.status.containerID)
    }
  }
}
