import ClusterModel

/// A command that the runtime could not run in a container that is well: told as a shell and `docker exec` tell it, by an exit code and the
/// runtime's words on standard error.
struct ExecRefusal: Error, Equatable {
  /// 127: there is no such program; 126: it cannot be run. https://pubs.opengroup.org/onlinepubs/9799919799/utilities/V3_chap02.html#tag_19_08_02
  let exitCode: Int32
  let words: String

  /// Nil when the words are not about the command, but say that there is nothing to run it in, or that the runtime itself failed.
  ///
  /// - Parameter words: containerd's, with what runc or crun said: `OCI runtime exec failed: exec failed: …: exec: "x": executable file not
  ///   found in $PATH: unknown`.
  init?(_ words: String) {
    let text = words.lowercased()
    guard text.contains("oci runtime exec failed") else { return nil }
    let cannotRun = ["permission denied", "is a directory", "not a directory", "exec format error", "chdir", "cwd", "operation not permitted"]
    let missing = ["executable file", "no such file or directory"]
    if cannotRun.contains(where: text.contains) {
      exitCode = 126
    } else if missing.contains(where: text.contains) {
      exitCode = 127
    } else {
      return nil
    }
    self.words = words.hasSuffix(": unknown") ? String(words.dropLast(": unknown".count)) : words
  }

  /// What the command would have left.
  var output: AsyncThrowingStream<ExecOutput, any Error> {
    AsyncThrowingStream { continuation in
      continuation.yield(.stderr(Array("\(words)\n".utf8)))
      continuation.yield(.exit(exitCode))
      continuation.finish()
    }
  }
}
