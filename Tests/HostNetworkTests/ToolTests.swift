import Glibc
import Testing

@testable import HostNetwork

@Suite struct ToolTests {
  /// More than a pipe holds, so that the program is gone before all is written.
  private static let long = String(repeating: "x", count: 1 << 20)

  /// In a process of its own, where nothing has turned off the signal that a broken pipe sends.
  @Test func aProgramMayEndBeforeItHasReadItsInput() async {
    await #expect(processExitsWith: .success) {
      signal(SIGPIPE, SIG_DFL)
      #expect(try await Tool.run("true", [], input: Self.long).succeeded)
      let failed = try await Tool.run("sh", ["-c", "exec <&-; echo no >&2; exit 3"], input: Self.long)
      #expect(!failed.succeeded && failed.errors == "no\n")
    }
  }

  @Test func allOfItsInputIsThereForAProgram() async throws {
    #expect(try await Tool.run("wc", ["-c"], input: Self.long).text == "\(1 << 20)\n")
  }
}
