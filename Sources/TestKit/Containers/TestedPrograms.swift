import FoundationEssentials

/// Which containerd and OCI runtime the tests use: the machine's, unless environment variables name others.
package enum TestedPrograms {
  /// `WARREN_TEST_CONTAINERD` is the path of a containerd whose shim lies beside it.
  package static var searchPath: [String] {
    let usual = ["/usr/sbin", "/usr/bin", "/sbin", "/bin"]
    guard let containerd = environment["WARREN_TEST_CONTAINERD"] else { return usual }
    return [URL(filePath: containerd).deletingLastPathComponent().path] + usual
  }

  /// `WARREN_TEST_RUNTIME` is the path of a runc or crun; nil means the runc on PATH.
  package static var runtime: String? { environment["WARREN_TEST_RUNTIME"] }

  private static var environment: [String: String] { ProcessInfo.processInfo.environment }
}
