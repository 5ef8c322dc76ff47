import Foundation
import Testing
import raft_script

/// The scripts are the documentation of behaviour: each holds its commands and, indented below them, what happened.
@Suite struct ScriptTests {
  static let directory = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../Scripts").standardizedFileURL

  static let names: [String] = {
    let files = (try? FileManager.default.contentsOfDirectory(atPath: directory.path())) ?? []
    return files.filter { $0.hasSuffix(".raft") }.sorted()
  }()

  @Test func thereAreScripts() {
    #expect(Self.names.count >= 18)
  }

  @Test(arguments: names)
  func happensAsWritten(_ name: String) throws {
    let text = try String(contentsOf: Self.directory.appending(path: name), encoding: .utf8)
    let transcript = Transcript.run(text)
    guard transcript != text else { return }
    let lines = zip(transcript.split(separator: "\n"), text.split(separator: "\n"))
    let difference = lines.enumerated().first { $0.element.0 != $0.element.1 }
    Issue.record(
      """
      \(name) differs, first at line \(difference.map { $0.offset + 1 } ?? 0):
        written  \(difference?.element.1 ?? "")
        happened \(difference?.element.0 ?? "")
      If the new behaviour is right: raft-script --update Tests/RaftTests/Scripts/\(name)
      """)
  }
}
