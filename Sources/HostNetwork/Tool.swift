import ChildInput
import ClusterModel
import Glibc
import Subprocess
import SystemPackage

/// Runs one of the small programs this target lives on (`ip`, `nft`, CNI plugins) and collects what it says.
package enum Tool {
  package struct Output: Sendable {
    package var text: String
    package var errors: String
    package var succeeded: Bool
  }

  /// - Parameter executable: a name on PATH, or an absolute path.
  /// - Throws: `WarrenError(.failedPrecondition)` when the program is not there.
  package static func run(_ executable: String, _ arguments: [String], environment: [String: String] = [:], input: String = "") async throws -> Output
  {
    var values: [Environment.Key: String?] = [:]
    for (key, value) in environment { values[Environment.Key(stringLiteral: key)] = value }
    guard let path = Self.path(of: executable) else {
      throw WarrenError(.failedPrecondition, "'\(executable)' is not on PATH; install it (see 'warren doctor')")
    }
    do {
      let result = try await Subprocess.run(
        .path(FilePath(path)), arguments: Arguments(arguments),
        environment: .inherit.updating(values), input: ChildInput(input), output: .string(limit: 1 << 20), error: .string(limit: 1 << 16))
      return Output(text: result.standardOutput, errors: result.standardError, succeeded: result.terminationStatus.isSuccess)
    } catch let error as SubprocessError {
      throw WarrenError(.failedPrecondition, "Could not run '\(executable)'; install it (see 'warren doctor')", cause: error)
    }
  }

  /// Looked up here because Subprocess tries a name by forking once for each folder of PATH, which takes longer than the program itself.
  private static func path(of executable: String) -> String? {
    if executable.hasPrefix("/") { return executable }
    let folders = (getenv("PATH").map { String(cString: $0) } ?? "").split(separator: ":") + ["/usr/sbin", "/sbin", "/usr/bin", "/bin"]
    return folders.lazy.map { "\($0)/\(executable)" }.first { access($0, X_OK) == 0 }
  }

  /// - Throws: `WarrenError(.internalError)` with the program's own words when it fails.
  @discardableResult
  package static func check(_ executable: String, _ arguments: [String], input: String = "") async throws -> String {
    let output = try await run(executable, arguments, input: input)
    guard output.succeeded else {
      let words = output.errors.isEmpty ? output.text : output.errors
      throw WarrenError(.internalError, "'\(([executable] + arguments).joined(separator: " "))' failed: \(words.trimmed)")
    }
    return output.text
  }
}

extension String {
  /// Without white space and line feeds at its ends.
  var trimmed: String {
    let kept = drop { $0.isWhitespace }
    return String(kept.reversed().drop { $0.isWhitespace }.reversed())
  }
}
