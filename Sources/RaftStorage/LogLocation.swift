package import ClusterModel

/// Where the parts of a log are, and the words for what can be wrong with them.
package struct LogLocation: Sendable {
  package let dataDirectory: String
  /// Other members count on what this one has acknowledged.
  var isAmongOthers = false

  package init(dataDirectory: String) { self.dataDirectory = dataDirectory }

  func among(_ others: Bool) -> LogLocation {
    var location = self
    location.isAmongOthers = others
    return location
  }

  package var directory: String { dataDirectory + "/raft" }
  package var database: String { directory + "/log.sqlite" }
  var writeAheadLog: String { database + "-wal" }
  var mark: String { directory + "/log.mark" }
  var lock: String { dataDirectory + "/raft.lock" }
  /// Holds a database being made; it becomes `directory` when it is whole.
  var unfinished: String { dataDirectory + "/raft.unfinished" }

  /// Where the number-th log was moved that a recovery replaced.
  func setAside(_ number: Int) -> String { "\(directory).old-\(number)" }

  var setAsideCount: Int {
    var count = 0
    while FileSystem.exists(setAside(count + 1)) { count += 1 }
    return count
  }

  /// The damaged log was moved away and the new one not yet put in its place.
  var recoveryWasInterrupted: Bool { !FileSystem.exists(directory) && FileSystem.exists(unfinished) && setAsideCount > 0 }

  package var recoverCommand: String { "warren cluster recover --data-dir \(dataDirectory)" }

  package func damage(_ what: String, cause: (any Error)? = nil) -> WarrenError {
    let advice =
      isAmongOthers
      ? adviceAmongOthers
      : "To lose nothing, put back a copy of \(directory). To go on with the intact part, see what would be lost with: \(recoverCommand)"
    return WarrenError(.dataLoss, "The cluster's log in \(directory) is damaged: \(what) Nothing was changed. \(advice)", cause: cause)
  }

  var adviceAmongOthers: String {
    "This manager is one of several, which count on everything it ever acknowledged: it must not go on by this log, a part or a copy of it, "
      + "but has to join anew as a new member: warren manager rejoin --data-dir \(dataDirectory)"
  }
}
