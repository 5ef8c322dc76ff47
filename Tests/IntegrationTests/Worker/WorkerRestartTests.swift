import ClusterModel
import Containerd
import Foundation
import TestKit
import Testing
import Worker

/// The worker dropped and made anew, and containerd killed. Needs what `WorkerTaskTests` needs.
@Suite("A worker on real containerd: restarts", .serialized) struct WorkerRestartTests {
  @Test func whatRunsIsAdoptedAndWhatEndedIsReportedWithItsCode() async throws {
    try await WorkerNode.with(11) { node in
      let pid = try await node.life { _ in
        await node.manager.assign(node.task("runs"))
        await node.manager.assign(
          node.task("ends") {
            $0.container.args = ["/bin/sh", "-c", "while [ ! -e /gate/open ]; do sleep 0.05; done; exit 42"]
            $0.container.mounts = [Mount(kind: .bind, source: node.box.directory, target: "/gate")]
            $0.restart.condition = .none
          })
        try await node.told(.running, of: "ends")
        return try await node.told(.running, of: "runs").pid
      }
      #expect(FileManager.default.createFile(atPath: "\(node.box.directory)/open", contents: nil))
      try await eventually("it ended unseen") { try await node.box.containers.list().first { $0.id == "ends-0" }?.state == .stopped }
      try await node.life { operations in
        let ended = try await node.told(.failed, of: "ends")
        #expect(ended.lastExit?.code == 42)
        try await eventually("the other is adopted") { (try? await operations.output(of: ["hostname"], in: "runs")) == "web-1\n" }
        let status = try await node.told(.running, of: "runs")
        #expect(status.pid == pid && status.attempt == 0)
        kill(Int32(pid), SIGKILL)
        #expect(try await node.told(.running, attempt: 1, of: "runs").lastExit?.code == 137)
      }
    }
  }

  @Test func whatNobodyWantsIsRemovedAtStart() async throws {
    try await WorkerNode.with(12) { node in
      try await node.life { _ in
        await node.manager.assign(node.task("t"))
        try await node.told(.running, of: "t")
      }
      // Neither the journal nor the manager knows of it any more.
      node.loseJournal()
      await node.manager.drop("t")
      #expect(try await node.inventory() == ["container t-0", "logs t", "network t-0", "tasks t-0"])
      try await node.life { _ in try await node.nothingLeft() }
    }
  }

  /// A container carries its task: neither the journal nor a manager is needed to go on with it.
  @Test func withoutItsJournalTheWorkerAdoptsWhatRunsAndReportsWhatEnded() async throws {
    try await WorkerNode.with(15) { node in
      let (pid, other) = try await node.life { _ in
        await node.manager.assign(node.task("runs") { $0.ports = [PublishedPort(hostPort: 18472, containerPort: 80)] })
        await node.manager.assign(node.task("ends") { $0.restart.condition = .none })
        return (try await node.told(.running, of: "runs").pid, try await node.told(.running, of: "ends").pid)
      }
      let before = try await (node.inventory(), node.surroundings())
      node.loseJournal()
      await node.manager.refuse(WarrenError(.unavailable, "no manager here; try another"))
      try await node.life { operations in
        try await eventually("it is adopted") { (try? await operations.output(of: ["hostname"], in: "runs")) == "web-1\n" }
        let after = try await (node.inventory(), node.surroundings())
        #expect(after == before)
      }

      kill(Int32(other), SIGKILL)
      try await eventually("it ended unseen") { try await node.box.containers.list().first { $0.id == "ends-0" }?.state == .stopped }
      node.loseJournal()
      await node.manager.refuse(nil)
      try await node.life { _ in
        #expect(try await node.told(.failed, of: "ends").lastExit?.code == 137)
        let status = try await node.told(.running, of: "runs")
        #expect(status.pid == pid && status.attempt == 0)
        #expect(kill(Int32(pid), 0) == 0)
        for task in ["runs", "ends"] as [TaskID] { await node.manager.want(.remove, of: task) }
        try await node.nothingLeft()
      }
    }
  }

  /// Dropped at any moment of a start, again and again: in the end each task runs once and nothing else is there.
  @Test func droppedAtAnyMomentOfAStart() async throws {
    try await WorkerNode.with(13) { node in
      let tasks = (1...3).map { TaskID("t\($0)") }
      for task in tasks { await node.manager.assign(node.task(task)) }
      // Not a wait for anything: it chooses the moment at which the worker goes.
      for milliseconds in [5, 20, 40, 60, 80, 100, 130, 170] {
        try await node.life { _ in try await Task.sleep(for: .milliseconds(milliseconds)) }
      }
      try await node.life { _ in
        var expected: [String] = []
        for task in tasks {
          let status = try await node.told(.running, of: task)
          expected += ["container \(status.containerID)", "network \(status.containerID)", "logs \(task)", "tasks \(status.containerID)"]
        }
        #expect(try await node.inventory() == expected.sorted())
        for task in tasks { await node.manager.want(.remove, of: task) }
        try await node.nothingLeft()
      }
    }
  }

  @Test func containerdKilledRestartsNoHealthyContainerAndLosesNoExit() async throws {
    try await WorkerNode.with(14) { node in
      try await node.life { _ in
        await node.manager.assign(node.task("runs"))
        await node.manager.assign(node.task("ends") { $0.restart.condition = .none })
        let pid = try await node.told(.running, of: "runs").pid
        let other = try await node.told(.running, of: "ends").pid
        try node.box.killDaemon()
        kill(Int32(other), SIGKILL)
        // Placed while containerd is away; it has one attempt only.
        await node.manager.assign(node.task("new") { $0.restart.condition = .none })
        #expect(try await node.told(.failed, of: "ends").lastExit?.code == 137)
        try await node.told(.running, of: "new")
        let status = try await node.told(.running, of: "runs")
        #expect(status.pid == pid && status.attempt == 0)
        #expect(kill(Int32(pid), 0) == 0)

        try node.box.killDaemon()
        for task in ["runs", "ends", "new"] as [TaskID] { await node.manager.want(.remove, of: task) }
        try await node.nothingLeft()
      }
    }
  }
}
