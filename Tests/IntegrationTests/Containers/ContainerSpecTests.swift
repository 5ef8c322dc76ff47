import ClusterModel
import Containerd
import Foundation
import TestKit
import Testing

/// Needs root, containerd, runc, busybox-static and tini. Each test has a containerd of its own.
@Suite("Containers on a real containerd: what they see", .serialized) struct ContainerSpecTests {
  @Test func usersCapabilitiesAndFiles() async throws {
    try await TemporaryContainerd.with { box in
      let user = try await box.run("user", "id; echo $HOME; pwd") {
        $0.spec.user = "web"
        $0.spec.workingDirectory = "/tmp"
      }
      #expect(user.output == ["uid=1000(web) gid=1000(web) groups=1000(web),2000(extra)", "/", "/tmp"])
      let caps = try await box.run("caps", "cat /proc/self/status") { $0.spec.capDrop = ["ALL"] }
      #expect(caps.output.contains("CapEff:\t0000000000000000") && caps.output.contains("NoNewPrivs:\t1"))
      #expect(caps.output.contains("Seccomp:\t2"))
      let all = try await box.run("all", "cat /proc/self/status") {
        $0.spec.capAdd = ["ALL"]
        $0.spec.allowNewPrivileges = true
      }
      #expect(all.exit.code == 0 && all.output.contains("NoNewPrivs:\t0"))
      let readOnly = try await box.run("ro", "touch /x || echo denied; touch /tmp/y && echo scratch") {
        $0.spec.readOnly = true
        $0.spec.mounts = [Mount(kind: .tmpfs, target: "/tmp", tmpfsSizeBytes: 1 << 20)]
      }
      #expect(readOnly.output.contains("denied") && readOnly.output.contains("scratch"))
    }
  }

  @Test func filesOfTheNode() async throws {
    try await TemporaryContainerd.with { box in
      let hosts = box.directory + "/hosts"
      try "10.0.0.1 friend\n".write(toFile: hosts, atomically: true, encoding: .utf8)
      let result = try await box.run("files", "cat /etc/hosts; hostname; cat /data/hosts; touch /data/x || echo fixed; ls /dev/thing /dev/full") {
        $0.hostsFile = hosts
        $0.spec.mounts = [Mount(kind: .bind, source: box.directory, target: "/data", readOnly: true)]
        $0.spec.devices = ["/dev/null:/dev/thing:r"]
      }
      #expect(result.output.filter { $0 == "10.0.0.1 friend" }.count == 2)
      for line in ["box", "fixed", "/dev/thing", "/dev/full"] { #expect(result.output.contains(line)) }
      let missing = try await box.recipe("missing", "true") { $0.spec.mounts = [Mount(kind: .bind, source: "/no/such", target: "/x")] }
      await #expect(throws: WarrenError.self) { try await box.containers.create(missing) }
    }
  }

  @Test func foldersOfTheNodeInThePlaceOfOurs() async throws {
    try await TemporaryContainerd.with { box in
      let etc = box.directory + "/etc"
      try FileManager.default.createDirectory(atPath: etc, withIntermediateDirectories: true)
      try "mine\n".write(toFile: etc + "/hosts", atomically: true, encoding: .utf8)
      let files = ["hosts", "hostname", "resolv.conf"].map { "\(box.directory)/\($0)" }
      for file in files { try "ours\n".write(toFile: file, atomically: true, encoding: .utf8) }
      func run(_ id: String, _ script: String, _ mounts: [Mount], _ change: @Sendable (inout ContainerRecipe) -> Void = { _ in }) async throws
        -> [String]
      {
        try await box.run(id, script) {
          ($0.hostsFile, $0.hostnameFile, $0.resolvConfFile) = (files[0], files[1], files[2])
          $0.spec.mounts = mounts
          change(&$0)
        }.output
      }
      let folder = try await run("folder", "cat /etc/hosts; ls /etc", [Mount(kind: .bind, source: etc, target: "/etc", readOnly: true)])
      #expect(folder == ["mine", "hosts"])
      #expect(try FileManager.default.contentsOfDirectory(atPath: etc) == ["hosts"])
      let scratch = try await run(
        "scratch", "cat /etc/hosts; ls /etc; touch /etc/x || echo fixed", [Mount(kind: .tmpfs, target: "/etc", readOnly: true)])
      #expect(scratch.filter { !$0.hasPrefix("E:") } == ["ours", "hostname", "hosts", "resolv.conf", "fixed"])
      let file = try await run("file", "cat /etc/hosts /etc/hostname", [Mount(kind: .bind, source: etc + "/hosts", target: "/etc/hosts")])
      #expect(file == ["mine", "ours"])
      let devices = try await run("devices", "ls -d /dev/null /dev/init; cat /proc/1/comm", [Mount(kind: .bind, source: "/dev", target: "/dev")]) {
        $0.spec.initProcess = true
        $0.spec.readOnly = true
      }
      #expect(devices.contains("/dev/null") && !devices.contains("/dev/init") && devices.contains(".warren-init"))
    }
  }

  @Test func initReapsZombies() async throws {
    try await TemporaryContainerd.with { box in
      let result = try await box.run("init", "cat /proc/1/comm; cat /proc/1/cmdline | head -c 9; exit 4") { $0.spec.initProcess = true }
      #expect(result.exit.code == 4)
      #expect(result.output.joined().contains("init"))
    }
  }

  @Test func manyLinesComeWholeAndInOrder() async throws {
    try await TemporaryContainerd.with { box in
      let result = try await box.run("lines", "seq 1 50000; echo -n end")
      #expect(result.output.count == 50001)
      #expect(result.output.first == "1" && result.output[49_999] == "50000" && result.output.last == "end")
      #expect(try await box.log("lines", LogQuery(tail: 2)) == ["50000", "end"])
    }
  }
}
