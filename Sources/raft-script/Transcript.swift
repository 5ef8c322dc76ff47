/// A readable script run to its end: its own lines, and below each command what happened, indented by two spaces.
///
/// Running a transcript gives the same transcript again: indented lines are what happened last time and are left out. Between
/// `log-level none` and another `log-level` only errors are shown.
package enum Transcript {
  package static func run(_ script: String) -> String {
    var session = Session()
    var isQuiet = false
    var lines: [String] = []
    for line in script.split(separator: "\n", omittingEmptySubsequences: false).dropLast(script.hasSuffix("\n") ? 1 : 0) {
      if line.hasPrefix("  ") { continue }
      lines.append(String(line))
      if line.isEmpty || line.hasPrefix("#") { continue }
      if line.hasPrefix("log-level") { isQuiet = line.hasSuffix("none") }
      lines += happenings(of: String(line), in: &session).filter { !isQuiet || $0.hasPrefix("error") }.map { "  " + $0 }
    }
    return lines.joined(separator: "\n") + "\n"
  }

  private static func happenings(of line: String, in session: inout Session) -> [String] {
    let before = session.cluster.members.map(\.summary)
    let outcome: Session.Outcome
    do {
      outcome = session.perform(try Directive(line: line))
    } catch {
      return ["error: \(error)"]
    }
    var lines = session.cluster.trace
    for (position, member) in session.cluster.members.enumerated()
    where position >= before.count || before[position] != member.summary {
      lines.append("= \(member.summary)")
    }
    if let result = outcome.result, outcome.error == nil { lines.append("\(result)") }
    if let error = outcome.error { lines.append("error: \(error)") }
    return lines
  }
}
