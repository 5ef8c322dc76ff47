import ClusterModel
import Containerd
import Foundation
import Logging
import TestKit
import Testing
import Worker

/// The worker in a process of its own that is killed with SIGKILL right after a step. The steps are those that a first, undisturbed run
/// takes, so none is forgotten here that is added there. Needs what `WorkerTaskTests` needs.
@Suite("A worker on real containerd: killed after each step", .serialized) struct WorkerCrashTests {
  @Test func ofAStart() async throws {
    try await WorkerNode.with(16) { node in
      try await Self.killAfterEachStep(of: Scenario(kind: .start), node) { step, _ in
        let status = try await node.told(.running, of: "task")
        let container = status.containerID
        #expect(
          try await node.inventory() == ["container \(container)", "logs task", "network \(container)", "tasks \(container)"], "after \(step)")
        let surroundings = try await node.surroundings()
        #expect(surroundings.prefix(2) == ["links 1", "leases 0"] && surroundings[2].contains("\(status.address) . 80"), "\(step): \(surroundings)")
        #expect(surroundings.filter { $0.hasPrefix("mount") }.count == 2, "after \(step): \(surroundings)")
        #expect(status.attempt <= 1, "after \(step) nothing but the attempt that was cut short is lost")
      }
    }
  }

  @Test func ofAnEnd() async throws {
    try await WorkerNode.with(17) { node in
      try await Self.killAfterEachStep(of: Scenario(kind: .end), node) { step, _ in
        try await eventually("after \(step) the end is told") { await node.manager.status("task") == nil }
        try await node.nothingLeft()
      }
    }
  }

  /// Of an image that comes from a registry.
  @Test func ofAPull() async throws {
    try await TemporaryRegistry.with { registry in
      let image = try TestImage.busybox(name: "test/pulled:v1", extra: ["etc/mark": "pulled"])
      try registry.storage.put(image, repository: "test/pulled", tag: "v1")
      try await WorkerNode.with(18) { node in
        try await Self.killAfterEachStep(of: Scenario(kind: .pull, image: "\(registry.address)/test/pulled:v1"), node) { step, _ in
          try await node.told(.running, of: "task")
          #expect(try await node.surroundings()[1] == "leases 0", "after \(step)")
        }
      }
    }
  }

  /// What a worker is put through.
  struct Scenario: Codable, Sendable {
    enum Kind: String, Codable, Sendable { case start, end, pull }
    var kind: Kind
    var image = "busybox:test"

    func task(on node: WorkerNode) -> ClusterTask {
      node.task("task") {
        $0.container.image = image
        $0.ports = [PublishedPort(hostPort: 18476, containerPort: 80)]
      }
    }

    /// Its steps come between "begin" and "finish".
    func play(on node: WorkerNode) async throws {
      try await node.life { _ in
        if kind != .end { node.logger.trace("begin") }
        await node.manager.assign(task(on: node))
        try await node.told(.running, of: "task")
        if kind == .end {
          node.logger.trace("begin")
          await node.manager.want(.remove, of: "task")
          try await node.nothingLeft()
        }
        node.logger.trace("finish")
      }
    }

    func isOfInterest(_ step: String) -> Bool {
      kind != .pull || !["container", "journal", "network"].contains { step.contains($0) }
    }
  }

  /// - Parameter check: in the life after the kill, with a manager that wants what the scenario ends with.
  private static func killAfterEachStep(
    of scenario: Scenario, _ node: WorkerNode, _ check: (_ step: String, WorkerOperations) async throws -> Void
  ) async throws {
    let steps = try await undisturbed(scenario, node)
    #expect(steps.count > 4, "\(steps)")
    for step in steps where scenario.isOfInterest(step) {
      if scenario.kind == .pull { try await node.box.images.remove(scenario.image) }
      await #expect(processExitsWith: .signal(SIGKILL), "after \(step)") {
        [place = node.place as WorkerNode.Place, scenario = scenario as Scenario, step = step as String] in
        let recorder = StepRecorder { if $0 == step { kill(getpid(), SIGKILL) } }
        try await WorkerNode.join(place, logger: recorder.logger) { try await scenario.play(on: $0) }
      }
      await node.manager.assign(scenario.task(on: node))
      if scenario.kind == .end { await node.manager.want(.remove, of: "task") }
      try await node.life { operations in
        try await check(step, operations)
        await node.manager.want(.remove, of: "task")
        try await node.nothingLeft()
      }
    }
  }

  /// The steps that the scenario takes when nothing goes wrong.
  private static func undisturbed(_ scenario: Scenario, _ node: WorkerNode) async throws -> [String] {
    let recorder = StepRecorder { _ in }
    try await WorkerNode.join(node.place, logger: recorder.logger) { try await scenario.play(on: $0) }
    // This life's manager wants nothing.
    try await node.life { _ in try await node.nothingLeft() }
    return recorder.steps
  }
}
