package import Raft

/// What a member hands to its disk at a time.
package struct LogWrite: Sendable {
  /// Nil when it is what it was.
  package var hardState: HardState?
  package var entries: [Entry]

  package init(hardState: HardState? = nil, entries: [Entry] = []) {
    self.hardState = hardState
    self.entries = entries
  }
}
