import RaftSimulator

/// Judges what was seen in a run. Each promise is a function of what was written down, so that a kept directory can be judged again.
enum Oracle {
  /// Every acknowledged change is there, exactly once, for every read that began after it; and each read shows what could be there.
  static func linearizability(_ history: History) -> [Violation] {
    do {
      let undecided = try LinearizabilityChecker.check(history.operations)
      return undecided == 0 ? [] : [Violation(promise: "histories are linearizable", evidence: "\(undecided) services could not be decided")]
    } catch {
      let names = history.calls.reduce(into: [String]()) { if !$0.contains($1.service) { $0.append($1.service) } }
      let service = names[error.key]
      let lines = history.calls.filter { $0.service == service }.map(line)
      return [Violation(promise: "histories are linearizable", evidence: "service \(service):\n\(lines.joined(separator: "\n"))")]
    }
  }

  private static func line(_ call: History.Call) -> String {
    let end = call.ended.map { "\($0)" } ?? "?"
    let what =
      switch call.action {
      case .read: "reads \(call.seen.map { "\($0)" } ?? "without an answer")"
      case .add(let mark): "adds \(mark)"
      case .set(let value): "sets \(value)"
      }
    let outcome = call.returned == nil ? " (outcome not known: \(call.error ?? ""))" : ""
    return "[\(call.began), \(end)] client \(call.client) at \(call.managers.joined(separator: ", ")) \(what)\(outcome)"
  }

  static func answers(_ history: History) -> [Violation] {
    history.unexpected.isEmpty
      ? [] : [Violation(promise: "calls fail only for want of a manager", evidence: history.unexpected.joined(separator: "\n"))]
  }

  static func settling(_ history: History) -> [Violation] {
    history.settledAfter != nil ? [] : [Violation(promise: "what was asked for is reached in time after the last fault", evidence: history.missing)]
  }

  /// - Parameter acknowledged: names of services whose creation by the command line succeeded.
  static func commandLine(_ history: History, acknowledged: [String]) -> [Violation] {
    history.services.keys.sorted().flatMap { manager in
      let listed = history.services[manager, default: []]
      let counts = acknowledged.map { name in (name, listed.count { $0 == name }) }
      return counts.filter { $0.1 != 1 }.map {
        Violation(promise: "what the command line acknowledged is there once", evidence: "\(manager) lists \($0.0) \($0.1) times")
      }
    }
  }

  /// - Parameter logs: each manager's log by its name.
  static func leaders(_ logs: [String: String]) -> [Violation] {
    var leaders: [String: Set<String>] = [:]
    for (manager, log) in logs {
      for line in log.split(separator: "\n") {
        let words = line.split(separator: " ")
        guard words.contains("leadership.begun"), let term = words.first(where: { $0.hasPrefix("term=") }) else { continue }
        leaders[String(term), default: []].insert(manager)
      }
    }
    return leaders.sorted { $0.key < $1.key }.filter { $0.value.count > 1 }.map {
      Violation(promise: "one manager leads in a term", evidence: "\($0.key): \($0.value.sorted().joined(separator: ", "))")
    }
  }

  /// - Parameters: containers on machines that no fault touched, `NAME PROCESS`.
  static func untouched(before: [String], after: [String]) -> [Violation] {
    if before.isEmpty { return [Violation(promise: "containers that no fault touched run on", evidence: "none was running before")] }
    let lost = before.filter { !after.contains($0) }
    if lost.isEmpty { return [] }
    return [
      Violation(
        promise: "containers that no fault touched run on",
        evidence: "before: \(before.joined(separator: ", "))\nafter: \(after.joined(separator: ", "))")
    ]
  }

  /// - Parameters:
  ///   - nodes: whose containers were looked at.
  ///   - found: what containerd has, `NODE KIND CONTAINER`: each container once as `task` and once as `snapshot`.
  static func inventory(_ history: History, nodes: [String], found: [String]) -> [Violation] {
    let wanted = history.placements.filter { nodes.contains($0.node) }.flatMap {
      ["\($0.node) task \($0.container)", "\($0.node) snapshot \($0.container)"]
    }
    let missing = wanted.filter { !found.contains($0) }.map { "missing: \($0)" }
    let more = found.filter { !wanted.contains($0) }.map { "unexpected: \($0)" }
    let foreign = history.placements.filter { !nodes.contains($0.node) }.map { "on a node that was not looked at: \($0.node) \($0.container)" }
    let wrong = (missing + more + foreign).sorted()
    return wrong.isEmpty ? [] : [Violation(promise: "containerd has what the store says", evidence: wrong.joined(separator: "\n"))]
  }

  /// - Parameter left: a line for each thing that is there although no service is.
  static func leftovers(_ left: [String]) -> [Violation] {
    left.isEmpty ? [] : [Violation(promise: "nothing is left of deleted services", evidence: left.joined(separator: "\n"))]
  }

  /// At most a fifth more than before.
  /// - Parameters: of each daemon, `NAME KIB DESCRIPTORS`.
  static func processes(before: [String], after: [String]) -> [Violation] {
    let later = Dictionary(after.compactMap(size)) { one, _ in one }
    return before.compactMap(size).compactMap { name, old -> Violation? in
      guard let new = later[name] else { return Violation(promise: "daemons run", evidence: "\(name) is gone") }
      if new.kibibytes <= old.kibibytes * 6 / 5, new.descriptors <= old.descriptors * 6 / 5 { return nil }
      return Violation(
        promise: "memory and descriptors are given back",
        evidence: "\(name): \(old.kibibytes) KiB and \(old.descriptors) descriptors before, \(new.kibibytes) KiB and \(new.descriptors) after")
    }
  }

  private static func size(_ line: String) -> (String, (kibibytes: Int, descriptors: Int))? {
    let words = line.split(separator: " ")
    guard words.count == 3, let kibibytes = Int(words[1]), let descriptors = Int(words[2]) else { return nil }
    return (String(words[0]), (kibibytes, descriptors))
  }
}
