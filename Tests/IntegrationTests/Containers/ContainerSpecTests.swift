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
