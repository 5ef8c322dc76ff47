import ClusterModel
import Containerd
import Foundation
import TestKit
import Testing

/// Needs root, containerd, runc and busybox-static. Each test has a containerd of its own.
@Suite("Containers on a real containerd: exec", .serialized) struct ContainerExecTests {
  @Test func oneShot() async throws {
    try await TemporaryContainerd.with { box in
      try await box.start("web", "sleep 1000")
      var command = ExecCommand(arguments: ["/bin/sh", "-c", "echo $X; pwd; id -u; cat; echo err >&2; exit 5"])
      command.env = ["X=1"]
      command.workingDirectory = "/tmp"
      command.user = "web"
      let (input, feed) = AsyncStream.makeStream(of: ExecInput.self)
      let big = String(repeating: "x", count: 300_000)
      feed.yield(.stdin(Array(big.utf8)))
      feed.yield(.stdinClosed)
      let result = try await collect(try await box.containers.exec(in: "web", command, input: input))
      #expect(result.code == 5 && result.stderr == "err\n")
      #expect(result.stdout == "1\n/tmp\n1000\n" + big)
      let left = try FileManager.default.contentsOfDirectory(atPath: box.directory + "/run/exec")
      #expect(left.isEmpty)
    }
  }

  @Test func terminalWithSizeAndResize() async throws {
    try await TemporaryContainerd.with { box in
      try await box.start("web", "sleep 1000")
      var command = ExecCommand(arguments: ["/bin/busybox", "sh"])
      command.tty = true
      command.size = TerminalSize(columns: 90, rows: 30)
      let (input, feed) = AsyncStream.makeStream(of: ExecInput.self)
      let stream = try await box.containers.exec(in: "web", command, input: input)
      feed.yield(.stdin(Array("busybox stty size\n".utf8)))
      var text = ""
      var code: Int32?
      var step = 0
      for try await output in stream {
        if case .stdout(let bytes) = output { text += String(decoding: bytes, as: UTF8.self) }
        if case .exit(let value) = output { code = value }
        if step == 0, text.contains("30 90") {
          step = 1
          feed.yield(.resize(TerminalSize(columns: 100, rows: 40)))
          feed.yield(.stdin(Array("busybox stty size\n".utf8)))
        } else if step == 1, text.contains("40 100") {
          step = 2
          feed.yield(.stdin(Array("exit 6\n".utf8)))
        }
      }
      #expect(step == 2 && code == 6)
    }
  }

  @Test func failuresAndEarlyEnds() async throws {
    try await TemporaryContainerd.with { box in
      try await box.start("web", "sleep 1000")
      let nothing = AsyncStream<ExecInput> { $0.finish() }
      for (program, code, words) in [
        ("/no/such", 127, "no such file"), ("nosuch", 127, "not found in $PATH"), ("/etc/passwd", 126, "permission denied"),
        ("/tmp", 126, "/tmp"),
      ] as [(String, Int32, String)] {
        let refused = try await collect(try await box.containers.exec(in: "web", ExecCommand(arguments: [program]), input: nothing))
        #expect(refused.code == code && refused.stderr.contains(program) && refused.stderr.contains(words), "\(refused)")
      }
      var elsewhere = ExecCommand(arguments: ["/bin/true"])
      elsewhere.workingDirectory = "/nowhere"
      #expect(try await collect(try await box.containers.exec(in: "web", elsewhere, input: nothing)).code == 126)
      #expect(try FileManager.default.contentsOfDirectory(atPath: box.directory + "/run/exec").isEmpty)
      await #expect(throws: WarrenError.self) { try await box.containers.exec(in: "none", ExecCommand(arguments: ["/bin/true"]), input: nothing) }
      for try await output in try await box.containers.exec(
        in: "web", ExecCommand(arguments: ["/bin/sh", "-c", "echo up; sleep 777"]), input: nothing)
      {
        if case .stdout = output { break }
      }
      // The reader has left: the command is killed.
      while try await collect(try await box.containers.exec(in: "web", ExecCommand(arguments: ["/bin/ps"]), input: nothing)).stdout.contains("777") {
        await Task.yield()
      }
    }
  }
}
