import ArgumentParser
import FoundationEssentials

/// Judges the directory of a run, which `run.sh` describes.
struct Judge: AsyncParsableCommand {
  static let configuration = CommandConfiguration(abstract: "Judge what was written down in a run, or in one round of it.")

  @Argument(help: "The directory.") var directory: String
  @Option(help: "Judge this seed's round; without it, the end of the run.") var seed: UInt64?

  func run() async throws {
    let violations = try seed.map(round) ?? end()
    for violation in violations { print("VIOLATION \(violation)") }
    if !violations.isEmpty { throw ExitCode.failure }
  }

  private func round(_ seed: UInt64) throws -> [Violation] {
    let history = try JSONDecoder().decode(History.self, from: try Data(contentsOf: URL(filePath: "\(directory)/\(seed)/history.json")))
    return Oracle.linearizability(history) + Oracle.answers(history) + Oracle.settling(history)
      + Oracle.commandLine(history, acknowledged: try lines("\(seed)/acknowledged")) + Oracle.leaders(try logs())
      + Oracle.untouched(before: try lines("\(seed)/untouched.before"), after: try lines("\(seed)/untouched.after"))
      + Oracle.inventory(history, nodes: try lines("\(seed)/nodes"), found: try lines("\(seed)/found"))
  }

  private func end() throws -> [Violation] {
    Oracle.leaders(try logs()) + Oracle.leftovers(try lines("leftovers"))
      + Oracle.processes(before: try lines("processes.before"), after: try lines("processes.after"))
  }

  private func lines(_ file: String) throws -> [String] {
    try String(contentsOf: URL(filePath: "\(directory)/\(file)"), encoding: .utf8).split(separator: "\n").map(String.init)
  }

  /// By machine.
  private func logs() throws -> [String: String] {
    let files = try FileManager.default.contentsOfDirectory(atPath: "\(directory)/log").filter { $0.hasSuffix(".log") }
    return try Dictionary(
      uniqueKeysWithValues: files.map { ($0, String(decoding: try Data(contentsOf: URL(filePath: "\(directory)/log/\($0)")), as: UTF8.self)) })
  }
}
