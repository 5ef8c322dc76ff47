import ClusterModel
import Foundation
import TestKit
import Testing

@testable import Containerd

/// Needs root, containerd, runc, busybox-static and tini. Each test has a containerd of its own.
@Suite("Containers on a real containerd: life", .serialized) struct ContainerLifeTests {
  @Test func exitCodesReasonsAndOutput() async throws {
    try await TemporaryContainerd.with { box in
      let plain = try await box.run("plain", "echo out; echo err >&2; exit 3")
      #expect(plain.exit.code == 3 && plain.exit.reason == "exited with 3")
      #expect(Set(plain.output) == ["out", "E:err"])
      #expect(plain.exit.at > Timestamp(seconds: Int64(Date.now.timeIntervalSince1970) - 60))
      let killed = try await box.run("killed", "kill -9 1; kill -9 $$; sleep 5") { $0.spec.initProcess = false }
      #expect(killed.exit.code == 0 || killed.exit.code == 137)
      let inner = try await box.run("signalled", "sh -c 'kill -SEGV $$'; exit $?")
      #expect(inner.exit.code == 139 && inner.exit.reason == "killed by SIGSEGV")
      #expect(try await box.containers.list().isEmpty)
    }
  }

  /// containerd goes on with what a caller who was cancelled had asked for: what is removed at once must be made by then.
  @Test func aCancelledCreationIsOverWhenItReturns() async throws {
    try await TemporaryContainerd.with { box in
      var random = SeededGenerator(seed: 1)
      for round in 0..<40 {
        let recipe = try await box.recipe("cancelled-\(round)", "sleep 1000")
        let creation = Task { try await box.containers.create(recipe) }
        for _ in 0..<random.next() % 4000 { await Task.yield() }
        creation.cancel()
        _ = await creation.result
        try await box.containers.delete(recipe.id)
      }
      #expect(try await box.containers.list().isEmpty)
    }
  }

  /// A runtime that is killed while it makes a container leaves cgroups it knows nothing of, perhaps with a process.
  @Test(arguments: [false, true]) func cgroupsGoWithTheContainer(frozen: Bool) async throws {
    try await TemporaryContainerd.with { box in
      let sleeper = try ChildProcess("/bin/sleep", ["1000"])
      try box.makeCgroups("half", process: sleeper.pid, frozen: frozen)
      #expect(box.containers.cgroups() == ["half"])
      #expect(
        !box.containers.removeEmptyCgroups("half") && sleeper.isRunning, "what runs in it is not ours to kill, as long as nothing else is known")
      try await box.containers.delete("half")
      #expect(sleeper.wait() == .signal(SIGKILL) && box.containers.cgroups().isEmpty)

      try await box.start("whole", "sleep 1000")
      #expect(box.containers.cgroups() == ["whole"])
      try await box.containers.delete("whole")
      #expect(box.containers.cgroups().isEmpty)
    }
  }

  /// containerd died when it had just started the shim of a container, and the next one knows of none.
  @Test func aShimWithoutAContainerGoesWithTheRecord() async throws {
    try await TemporaryContainerd.with { box in
      _ = try await box.containers.prepare(try await box.recipe("half", "sleep 1000"))
      let bundle = box.directory + "/bundle"
      try FileManager.default.createDirectory(atPath: bundle, withIntermediateDirectories: true)
      try Data("{}".utf8).write(to: URL(filePath: bundle + "/config.json"))
      // It writes its log where containerd reads it, and ends where there is no such place.
      let start =
        "cd \(bundle) && mkfifo log && exec containerd-shim-runc-v2 -namespace \(box.place.namespace) -address \(box.place.socketPath) "
        + "-publish-binary /bin/true -id half start 9<>log"
      let starter = try ChildProcess(
        "/bin/sh", ["-c", start],
        environment: ["PATH": TestedPrograms.searchPath.joined(separator: ":"), "TTRPC_ADDRESS": box.place.socketPath + ".ttrpc"])
      #expect(starter.wait() == .code(0))
      #expect(Shim.processes(of: "half", namespace: box.place.namespace).count == 1)
      try await box.containers.delete("half")
      #expect(Shim.processes(of: "half", namespace: box.place.namespace).isEmpty)
      #expect(try await box.containers.list().isEmpty)
    }
  }

  @Test func aProgramThatIsNotThereIsTold() async throws {
    try await TemporaryContainerd.with { box in
      var recipe = try await box.recipe("bad", "")
      recipe.spec.args = ["/no/such/program"]
      let error = await #expect(throws: WarrenError.self) {
        try await box.containers.create(recipe)
        _ = try await box.containers.start("bad")
      }
      #expect(error?.message.contains("/no/such/program") == true)
      try await box.containers.delete("bad")
      #expect(try await box.containers.list().isEmpty)
    }
  }

  @Test func stoppingGivesGraceAndThenKills() async throws {
    try await TemporaryContainerd.with { box in
      try await box.start("polite", "trap 'echo bye; exit 7' TERM; echo ready; while :; do sleep 0.1; done")
      try await box.start("stubborn", "trap '' TERM; echo ready; while :; do sleep 0.1; done")
      try await box.start("other", "trap 'exit 9' USR1; echo ready; while :; do sleep 0.1; done") { $0.spec.stopSignal = "SIGUSR1" }
      for id in ["polite", "stubborn", "other"] { try await box.logged(id, "ready") }
      #expect(try await box.containers.stop("polite", grace: .seconds(20))?.code == 7)
      #expect(try await box.containers.stop("other", grace: .seconds(20))?.code == 9)
      let start = ContinuousClock.now
      let stubborn = try await box.containers.stop("stubborn", grace: .seconds(1))
      #expect(stubborn?.code == 137 && stubborn?.reason == "killed by SIGKILL")
      #expect(ContinuousClock.now - start > .seconds(1))
      #expect(try await box.containers.stop("nothing", grace: .seconds(1)) == nil)
    }
  }

  @Test func limitsLimit() async throws {
    try await TemporaryContainerd.with { box in
      let memory = try await box.run(
        "memory", "head -c 200000000 /dev/zero | tail -c 199999999 > /dev/null; dd if=/dev/zero of=/dev/null bs=100M count=1"
      ) {
        $0.limits.memoryBytes = 32 << 20
        $0.spec.args = ["/bin/dd", "if=/dev/zero", "of=/dev/null", "bs=100M", "count=1"]
      }
      #expect(memory.exit.code == 137 && memory.exit.reason == "out of memory")
      let pids = try await box.run("pids", "for i in 1 2 3 4 5 6 7 8 9 10; do sleep 5 & done; echo all") { $0.pidsLimit = 5 }
      #expect(!pids.output.contains("all") || pids.output.contains { $0.contains("fork") })
      let files = try await box.run("files", "ulimit -n; ulimit -Hn") { $0.spec.ulimits = [Ulimit(name: "nofile", soft: 100, hard: 1 << 40)] }
      #expect(files.output.first == "100" && files.exit.code == 0)
      let quota = try await box.run("quota", "cat /sys/fs/cgroup/cpu/cpu.cfs_quota_us /sys/fs/cgroup/cpu.max 2>/dev/null; true") {
        $0.limits.nanoCPUs = 250_000_000
      }
      #expect(quota.output.first?.hasPrefix("25000") == true)
    }
  }

  @Test func deletingIsSafeAtEveryStep() async throws {
    try await TemporaryContainerd.with { box in
      try await box.containers.delete("never")
      let recipe = try await box.recipe("half", "sleep 100")
      let prepared = try await box.containers.prepare(recipe)
      #expect(try await box.state("half")?.state == .lost)
      try await box.containers.delete("half")
      #expect(try await box.containers.list().isEmpty)

      _ = prepared
      try await box.containers.create(recipe)
      #expect(try await box.state("half")?.state == .created)
      try await box.containers.delete("half")
      #expect(try await box.containers.list().isEmpty)

      try await box.start("half", "sleep 100")
      #expect(try await box.state("half")?.state == .running)
      async let one = box.containers.delete("half")
      async let two = box.containers.delete("half")
      _ = try await (one, two)
      #expect(try await box.containers.list().isEmpty)
    }
  }

  @Test func aRecipeThatCannotBeMetLeavesNothing() async throws {
    try await TemporaryContainerd.with { box in
      let recipe = try await box.recipe("bad", "true") { $0.spec.user = "stranger" }
      await #expect(throws: WarrenError.self) { try await box.containers.create(recipe) }
      #expect(try await box.containers.list().isEmpty)
    }
  }
}
