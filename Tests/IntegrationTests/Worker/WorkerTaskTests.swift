import ClusterModel
import Foundation
import OCI
import TestKit
import Testing
import Worker

/// Needs root, containerd, runc, the CNI plugins, iproute2, nftables and busybox-static.
@Suite("A worker on real containerd: tasks", .serialized) struct WorkerTaskTests {
  @Test func twoReplicasServeAPortAndLeaveNothingBehind() async throws {
    try await WorkerNode.with(1) { node in
      try await node.life { operations in
        for slot in 1...2 {
          await node.manager.assign(
            node.task(TaskID("t\(slot)"), slot: slot) {
              $0.container.args = ["/bin/sh", "-c", "hostname > /tmp/index.html; exec httpd -f -p 80 -h /tmp"]
              $0.ports = [PublishedPort(hostPort: 18471, containerPort: 80)]
            })
        }
        for slot in 1...2 {
          let status = try await node.told(.running, of: TaskID("t\(slot)"))
          #expect(status.address.hasPrefix("10.253.1.") && status.pid > 0)
          let hosts = try await operations.output(of: ["cat", "/etc/hosts"], in: TaskID("t\(slot)"))
          #expect(hosts.contains("\(status.address)\tweb-\(slot)") || hosts.contains("\(status.address) web-\(slot)"), "\(hosts)")
        }
        try await eventually("both answer on the port") {
          let answers = try await node.shell(
            "for i in 1 2 3 4; do python3 -c 'import urllib.request as u; print(u.urlopen(\"http://127.0.0.1:18471/\", timeout=2).read().decode().strip())'; done | sort -u"
          )
          return answers == "web-1\nweb-2"
        }
        for slot in 1...2 { await node.manager.want(.remove, of: TaskID("t\(slot)")) }
        try await node.nothingLeft()
      }
    }
  }

  @Test func whoIsNotRootServesOnPort80() async throws {
    try await WorkerNode.with(8) { node in
      try await node.life { _ in
        await node.manager.assign(
          node.task("t") {
            $0.container.args = ["/bin/sh", "-c", "id -u > /www/index.html; exec httpd -f -p 80 -h /www"]
            $0.container.user = "web"
            $0.container.capDrop = ["ALL"]
            $0.container.mounts = [Mount(kind: .tmpfs, target: "/www")]
            $0.ports = [PublishedPort(hostPort: 18478, containerPort: 80)]
          })
        try await node.told(.running, of: "t")
        try await eventually("it answers") {
          try await node.shell("python3 -c 'import urllib.request as u; print(u.urlopen(\"http://127.0.0.1:18478/\", timeout=2).read().decode())'")
            == "1000"
        }
      }
    }
  }

  @Test func anAddressThatTheNodeDoesNotHaveIsTold() async throws {
    try await WorkerNode.with(9) { node in
      try await node.life { _ in
        await node.manager.assign(node.task("t") { $0.ports = [PublishedPort(hostIP: "203.0.113.77", hostPort: 18479, containerPort: 80)] })
        let status = try await node.told(.waiting, of: "t")
        #expect(status.message.contains("does not have that address") && status.message.contains("203.0.113.77"), "\(status.message)")
        await node.manager.want(.remove, of: "t")
        try await node.nothingLeft()
      }
    }
  }

  @Test func aKilledProcessIsRestartedAndItsLogKept() async throws {
    try await WorkerNode.with(2) { node in
      try await node.life { operations in
        await node.manager.assign(node.task("t"))
        let first = try await node.told(.running, of: "t")
        try await eventually("it has written its line") { try await operations.log(of: "t") == ["up"] }
        kill(Int32(first.pid), SIGKILL)
        let second = try await node.told(.running, attempt: 1, of: "t")
        #expect(second.pid != first.pid && second.containerID == "t-1")
        #expect(second.lastExit?.code == 137 && second.lastExit?.reason == "killed by SIGKILL")
        try await eventually("the log has both attempts") { try await operations.log(of: "t") == ["up", "up"] }
        #expect(try await node.inventory() == ["container t-1", "logs t", "network t-1", "tasks t-1"])
      }
    }
  }

  @Test func anEndIsToldWithCodeAndReason() async throws {
    try await WorkerNode.with(3) { node in
      try await node.life { _ in
        await node.manager.assign(
          node.task("exits") {
            $0.container.args = ["/bin/sh", "-c", "exit 3"]
            $0.restart.condition = .none
          })
        await node.manager.assign(
          node.task("greedy") {
            $0.container.args = ["/bin/sh", "-c", "head -c 200m /dev/zero | tail"]
            $0.limits.memoryBytes = 16 << 20
            $0.restart.condition = .none
          })
        await node.manager.assign(
          node.task("nothing") {
            $0.container.args = ["/no/such/program"]
            $0.restart.condition = .none
          })
        #expect(try await node.told(.failed, of: "exits").lastExit?.code == 3)
        let greedy = try await node.told(.failed, of: "greedy").lastExit
        #expect(
          greedy?.reason.contains("out of memory") == true || greedy?.reason.contains("running out of memory") == true,
          "\(String(describing: greedy))")
        let nothing = try await node.told(.failed, of: "nothing")
        #expect(nothing.message.contains("/no/such/program"), "\(nothing.message)")
      }
    }
  }

  @Test func anImageThatCannotBeHadIsWaitedFor() async throws {
    try await WorkerNode.with(4) { node in
      try await node.life { _ in
        await node.manager.assign(node.task("t") { $0.container.image = "127.0.0.1:1/none:v1" })
        let status = try await node.told(.waiting, of: "t")
        #expect(status.message.contains("127.0.0.1:1"), "\(status.message)")
        await node.manager.want(.remove, of: "t")
        try await node.nothingLeft()
      }
    }
  }

  /// From a registry, alone and in an index of several; one that only lies in containerd is refused when it is loaded.
  @Test func anImageForAnotherPlatformIsToldSo() async throws {
    var image = try TestImage.busybox(name: "test/foreign:v1")
    image.config.platform = Platform(os: "linux", architecture: "s390x")
    try await TemporaryRegistry.with { [image] registry in
      try registry.storage.put(image, repository: "test/foreign", tag: "alone")
      _ = try registry.storage.put(index: [image], repository: "test/foreign", tag: "index")
      try await WorkerNode.with(7) { node in
        try await node.life { _ in
          for tag in ["alone", "index"] {
            let task = TaskID(tag)
            await node.manager.assign(
              node.task(task) {
                $0.container.image = "\(registry.address)/test/foreign:\(tag)"
                $0.restart.condition = .none
              })
            let status = try await node.told(.rejected, of: task)
            #expect(
              status.message.contains("cannot run image") && status.message.contains("linux/s390x") && status.message.contains("\(Platform.current)"),
              "\(status.message)")
            await node.manager.want(.remove, of: task)
          }
          try await node.nothingLeft()
        }
      }
    }
  }

  @Test func aPortThatIsTakenIsWaitedForAndItsHolderNamed() async throws {
    try await WorkerNode.with(5) { node in
      try await node.life { _ in
        let socket = try #require(Listener(port: 18475))
        await node.manager.assign(node.task("t") { $0.ports = [PublishedPort(hostPort: 18475, containerPort: 80)] })
        let status = try await node.told(.waiting, of: "t")
        #expect(status.message.contains("18475") && status.message.contains("pid \(getpid())"), "\(status.message)")
        socket.close()
        try await node.told(.running, of: "t")
      }
    }
  }

  private struct Listener {
    private let descriptor: Int32

    init?(port: UInt16) {
      descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
      var address = sockaddr_in()
      address.sin_family = sa_family_t(AF_INET)
      address.sin_port = port.bigEndian
      let size = socklen_t(MemoryLayout<sockaddr_in>.size)
      let bound = withUnsafePointer(to: &address) { $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(descriptor, $0, size) } }
      guard bound == 0, listen(descriptor, 1) == 0 else { return nil }
    }

    func close() { _ = Glibc.close(descriptor) }
  }

  @Test func theNodesOwnNetworkCanBeUsed() async throws {
    try await WorkerNode.with(6) { node in
      try await node.life { operations in
        await node.manager.assign(node.task("t") { $0.network = .host })
        #expect(try await node.told(.running, of: "t").address.isEmpty)
        let own = try await node.shell("readlink /proc/self/ns/net")
        #expect(try await operations.output(of: ["ls", "-l", "/proc/1/ns/net"], in: "t").contains(own))
        #expect(try await node.inventory() == ["container t-0", "logs t", "tasks t-0"])
        await node.manager.want(.remove, of: "t")
        try await node.nothingLeft()
      }
    }
  }
}
