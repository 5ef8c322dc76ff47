import ClusterModel
import Containerd
import Foundation
import TestKit
import Testing

/// Needs root, containerd, runc and busybox-static. Each test has a containerd of its own.
@Suite("Containers on a real containerd: containerd dies", .serialized) struct ContainerdRestartTests {
  @Test func containersLiveOnAndNoExitIsLost() async throws {
    try await TemporaryContainerd.with { box in
      let pid = try await box.start("long", "echo one; sleep 1000")
      try await box.start("short", "while [ ! -e /data/go ]; do sleep 0.05; done; echo gone; exit 42") {
        $0.spec.mounts = [Mount(kind: .bind, source: box.directory, target: "/data")]
      }
      let waiting = Task { try await box.containers.wait("short") }
      let (listed, events) = await Self.watch(box)
      #expect(await listed.next() == 2)

      try box.killDaemon()
      #expect(FileManager.default.createFile(atPath: box.directory + "/go", contents: nil))
      #expect(try await waiting.value.code == 42)
      #expect(await listed.next() == 2)
      events.cancel()

      let long = try await box.state("long")
      #expect(long?.state == .running && long?.pid == pid)
      let short = try await box.state("short")
      // From 1.7 on, containerd ends the shims of such containers when it starts: the code is known to those who waited.
      #expect(short?.state == .stopped && short?.exitCode == 42 || short?.state == .lost)
      #expect(try await box.log("short") == ["gone"])
      #expect(try await box.log("long") == ["one"])
      let nothing = AsyncStream<ExecInput> { $0.finish() }
      #expect(try await collect(try await box.containers.exec(in: "long", ExecCommand(arguments: ["/bin/true"]), input: nothing)).code == 0)
    }
  }

  /// The number of containers in each listing.
  private static func watch(_ box: TemporaryContainerd) async -> (Listings, Task<Void, Never>) {
    let (stream, continuation) = AsyncStream.makeStream(of: Int.self)
    let task = Task {
      for await event in box.containers.events() {
        if case .listed(let all) = event { continuation.yield(all.count) }
      }
    }
    return (Listings(stream), task)
  }

  private actor Listings {
    private var iterator: AsyncStream<Int>.Iterator
    init(_ stream: AsyncStream<Int>) { iterator = stream.makeAsyncIterator() }
    func next() async -> Int? {
      var copy = iterator
      let value = await copy.next(isolation: #isolation)
      iterator = copy
      return value
    }
  }

  @Test func eventsTellStartExitAndOutOfMemory() async throws {
    try await TemporaryContainerd.with { box in
      let recipe = try await box.recipe("greedy", "") {
        $0.limits.memoryBytes = 32 << 20
        $0.spec.args = ["/bin/dd", "if=/dev/zero", "of=/dev/null", "bs=100M", "count=1"]
      }
      var seen: Set<String> = []
      for await event in box.containers.events() {
        switch event {
        case .listed(let all):
          #expect(all.isEmpty)
          try await box.containers.create(recipe)
          _ = try await box.containers.start("greedy")
        case .started(let id, let pid): seen.insert(pid > 0 ? "started \(id)" : "")
        case .exited(let id, let code, _): seen.insert("exited \(id) \(code)")
        case .outOfMemory(let id): seen.insert("oom \(id)")
        }
        if seen.count == 3 { break }
      }
      #expect(seen == ["started greedy", "exited greedy 137", "oom greedy"])
    }
  }

  @Test func aDeadShimIsCleanedUp() async throws {
    try await TemporaryContainerd.with { box in
      let pid = try await box.start("web", "sleep 1000")
      let parent = try String(contentsOfFile: "/proc/\(pid)/status", encoding: .utf8).split(separator: "\n").first { $0.hasPrefix("PPid:") }
      let shim = Int32(parent?.split(separator: "\t").last ?? "") ?? 0
      #expect(shim > 1)
      kill(shim, SIGKILL)
      let lost = await #expect(throws: WarrenError.self) {
        while true { _ = try await box.containers.wait("web") }
      }
      #expect(lost?.code == .notFound)
      #expect(try await box.state("web")?.state == .lost)
      try await box.containers.delete("web")
      #expect(try await box.containers.list().isEmpty)
    }
  }
}
