import ClusterModel
import Containerd
import Foundation
import HostNetwork
import TestKit
import Testing
import Worker

/// What others, or a crash, leave on a node while its worker runs. Needs what `WorkerTaskTests` needs.
@Suite("A worker on real containerd: leftovers", .serialized) struct WorkerSweepTests {
  /// A way in which something is left behind, or taken away.
  enum Leftover: CaseIterable {
    case runningContainer, createdContainer, snapshot, namespace, connectedNamespace, address, link, rule, missingRules, lease, files, logs,
      cgroup
  }

  @Test func areRemovedEveryNowAndThen() async throws {
    try await WorkerNode.with(20) { node in
      defer {
        let pid = (try? String(contentsOfFile: Self.sleeper(node), encoding: .utf8)).flatMap { Int32($0.dropLast()) }
        if let pid { kill(pid, SIGKILL) }
        try? FileManager.default.removeItem(atPath: Self.sleeper(node))
      }
      let clock = ManualClock()
      try await node.life(clock: clock, sweepInterval: .seconds(600)) { _ in
        await node.manager.assign(node.task("keeps") { $0.ports = [PublishedPort(hostPort: 18480, containerPort: 80)] })
        let pid = try await node.told(.running, of: "keeps").pid
        let before = try await Self.state(node)
        for leftover in Leftover.allCases {
          try await Self.leave(leftover, node)
          let left = try await Self.state(node)
          #expect(left != before, "\(leftover) leaves something")
          try await eventually("the worker waits for its next look") { clock.nextWakeup == .seconds(600) }
          clock.advance(by: .seconds(600))
          do { try await eventually("\(leftover) is gone") { (try? await Self.state(node)) == before } } catch {
            throw WorkerNode.NeverHappened(what: "\(error): \(before) \(try await Self.state(node))")
          }
        }
        let status = try await node.told(.running, of: "keeps")
        #expect(status.pid == pid && status.attempt == 0)
      }
    }
  }

  @Test func areRemovedWhenContainerdIsBack() async throws {
    try await WorkerNode.with(21) { node in
      try await node.life { _ in
        await node.manager.assign(node.task("keeps"))
        let pid = try await node.told(.running, of: "keeps").pid
        let before = try await Self.state(node)
        for leftover in [Leftover.runningContainer, .snapshot, .connectedNamespace, .lease] { try await Self.leave(leftover, node) }
        try node.box.killDaemon()
        do { try await eventually("all is gone") { (try? await Self.state(node)) == before } } catch {
          throw WorkerNode.NeverHappened(what: "\(error): \(before) \(try await Self.state(node))")
        }
        let status = try await node.told(.running, of: "keeps")
        #expect(status.pid == pid && status.attempt == 0)
      }
    }
  }

  @Test func lookingForThemWritesNothing() async throws {
    try await WorkerNode.with(22) { node in
      let clock = ManualClock()
      try await node.life(clock: clock, sweepInterval: .seconds(600)) { _ in
        await node.manager.assign(node.task("keeps") { $0.ports = [PublishedPort(hostPort: 18482, containerPort: 80)] })
        try await node.told(.running, of: "keeps")
        try await eventually("its start is written down") { try await node.shell("sync; echo ok") == "ok" && clock.nextWakeup == .seconds(600) }
        let written = try Self.bytesWritten(by: try node.box.daemonProcess)
        let files = try await Self.files(node)
        for _ in 1...5 {
          let rules = try await node.shell("nft -a list table ip \(node.bridge) | md5sum")
          clock.advance(by: .seconds(600))
          try await eventually("it has looked") {
            let now = try await node.shell("nft -a list table ip \(node.bridge) | md5sum")
            return now != rules && clock.nextWakeup == .seconds(600)
          }
        }
        #expect(try Self.bytesWritten(by: try node.box.daemonProcess) == written)
        #expect(try await Self.files(node) == files)
      }
    }
  }

  private static func bytesWritten(by pid: Int32) throws -> Substring? {
    try String(contentsOfFile: "/proc/\(pid)/io", encoding: .utf8).split(separator: "\n").first { $0.hasPrefix("write_bytes") }
  }

  /// Every file of the node with its size and the time of its last change, but for containerd's socket and temporary files.
  private static func files(_ node: WorkerNode) async throws -> String {
    try await node.shell("find \(node.box.directory) -xdev -type f -printf '%p %s %T@\\n' | grep -v /rootfs/ | sort")
  }

  private static func state(_ node: WorkerNode) async throws -> [String] {
    let snapshots = try await node.box.client.snapshotCount()
    return try await node.inventory() + node.surroundings() + ["snapshots \(snapshots)"]
  }

  private static func leave(_ leftover: Leftover, _ node: WorkerNode) async throws {
    let network = try node.network()
    switch leftover {
    case .runningContainer:
      try await node.box.start("gone-0", "sleep 1000") { $0.labels = labels("gone", 0) }
    case .createdContainer:
      try await node.box.containers.create(try await node.box.recipe("gone-1", "sleep 1000") { $0.labels = labels("gone", 1) })
    case .snapshot:
      _ = try await node.box.containers.prepare(try await node.box.recipe("gone-2", "sleep 1000") { $0.labels = labels("gone", 2) })
      try await node.box.client.removeRecord(of: "gone-2")
    case .namespace: _ = try await network.makeNamespace("gone-3")
    case .connectedNamespace: _ = try await network.attach("gone-4")
    case .address:
      _ = try await network.attach("gone-5")
      _ = try await node.shell("ip netns delete \(node.bridge)-gone-5")
    case .link:
      // The namespace loses its name, but lives on as long as a process is in it.
      _ = try await node.shell(
        """
        ip netns add \(node.bridge)-x && ip link add vethleft\(node.number) type veth peer name eth0 netns \(node.bridge)-x &&
        ip link set vethleft\(node.number) master \(node.bridge) &&
        { ip netns exec \(node.bridge)-x sh -c 'echo $$ >\(sleeper(node)).new; mv \(sleeper(node)).new \(sleeper(node)); exec sleep 300' >/dev/null 2>&1 & } &&
        until [ -e \(sleeper(node)) ]; do sleep 0.01; done && ip netns delete \(node.bridge)-x
        """)
    case .rule:
      _ = try await node.shell("nft add rule ip \(node.bridge) publish tcp dport 18481 dnat ip to 10.253.20.99:80")
    case .missingRules: _ = try await node.shell("nft delete table ip \(node.bridge)")
    case .lease: try await node.box.client.leaveLease()
    case .files: try FileManager.default.createDirectory(atPath: "\(node.dataDirectory)/tasks/gone-6", withIntermediateDirectories: true)
    case .cgroup: try node.box.makeCgroups("gone-7")
    case .logs: try FileManager.default.createDirectory(atPath: "\(node.dataDirectory)/logs/gone", withIntermediateDirectories: true)
    }
  }

  /// Holds the pid of the process that keeps a nameless namespace alive.
  private static func sleeper(_ node: WorkerNode) -> String { "/tmp/\(node.bridge)-sleeper" }

  private static func labels(_ task: String, _ attempt: Int) -> [String: String] {
    ["warren.cluster": "c1", "warren.node": "n1", "warren.task": task, "warren.attempt": "\(attempt)"]
  }
}
