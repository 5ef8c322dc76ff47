import ClusterModel
import Testing

@testable import Containerd

@Suite struct ExecRefusalTests {
  @Test(arguments: [
    (#"OCI runtime exec failed: exec failed: unable to start container process: exec: "nosuch": executable file not found in $PATH: unknown"#, 127),
    (#"OCI runtime exec failed: exec failed: unable to start container process: exec: "/x": stat /x: no such file or directory: unknown"#, 127),
    ("OCI runtime exec failed: executable file `nosuch` not found in $PATH: No such file or directory: unknown", 127),
    (#"OCI runtime exec failed: exec failed: unable to start container process: exec: "/etc/passwd": permission denied: unknown"#, 126),
    ("OCI runtime exec failed: open executable: Permission denied: unknown", 126),
    (#"OCI runtime exec failed: exec failed: unable to start container process: exec: "/tmp": is a directory: unknown"#, 126),
    (
      #"OCI runtime exec failed: exec failed: unable to start container process: chdir to cwd ("/no") set in config.json failed: no such file or directory: unknown"#,
      126
    ),
  ])
  func anEndLikeAShells(words: String, code: Int) async throws {
    let refusal = try #require(ExecRefusal(words))
    #expect(refusal.exitCode == Int32(code))
    #expect(refusal.words == words.dropLast(": unknown".count))
    var outputs: [ExecOutput] = []
    for try await output in refusal.output { outputs.append(output) }
    #expect(outputs == [.stderr(Array("\(refusal.words)\n".utf8)), .exit(Int32(code))])
  }

  @Test(arguments: [
    "process does not exist", "container not running: no such file or directory",
    "OCI runtime exec failed: exec failed: cannot exec in a stopped container: unknown",
  ])
  func nothingOfTheCommand(words: String) { #expect(ExecRefusal(words) == nil) }
}
