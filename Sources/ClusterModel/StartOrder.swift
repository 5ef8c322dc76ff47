/// Which services wait for which before they start for the first time. Names are compared without regard to case.
package enum StartOrder {
  package static let mostNames = 64

  /// How one service comes to wait for another.
  ///
  /// - Parameter startsAfter: what a service starts after; empty for one that does not exist.
  /// - Returns: the names from `start` to `goal`; nil when it does not wait for it.
  package static func path(from start: String, to goal: String, _ startsAfter: (String) -> [String]) -> [String]? {
    var seen: Set<String> = []
    var paths = [[start]]
    while let path = paths.popLast() {
      for next in path.last.map(startsAfter) ?? [] {
        if next.lowercased() == goal.lowercased() { return path + [next] }
        if seen.insert(next.lowercased()).inserted { paths.append(path + [next]) }
      }
    }
    return nil
  }

  /// - Throws: `invalidArgument` when services would wait for one another for ever, naming them.
  package static func refuseCycle(from start: String, _ startsAfter: (String) -> [String]) throws(WarrenError) {
    guard let cycle = path(from: start, to: start, startsAfter) else { return }
    throw .invalid(
      "service \(start) cannot start", "each would wait for the next: \(cycle.joined(separator: " after "))", "let one of them not wait")
  }

  static func validate(_ names: [String], of service: String) throws(WarrenError) {
    if names.count > mostNames {
      throw .invalid("\(names.count) services to start after are too many", "at most \(mostNames) are allowed", "name fewer")
    }
    var seen: Set<String> = []
    for name in names {
      let what = "starts-after \(name.quoted) is not valid"
      if let why = name.whyNotDNSLabel { throw .invalid(what, "it is no name of a service: \(why)", "name a service") }
      if name.lowercased() == service.lowercased() { throw .invalid(what, "a service cannot wait for itself", "leave it out") }
      if !seen.insert(name.lowercased()).inserted { throw .invalid(what, "it is given twice", "give it once") }
    }
  }
}
