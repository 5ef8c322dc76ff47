import SimulationEngine

/// One call of a client on one register, as the client saw it.
package struct Operation: Sendable, Equatable {
  package enum Action: Sendable, Equatable {
    case put(UInt64)
    /// Adds a mark of its own to the register (`Operation.adding`): one done twice or lost shows in every read until the next put.
    case add(UInt64)
    case get
  }

  package var client: Int
  package var key: Int
  package var action: Action
  /// When the call began and ended, on one counter that no two moments share.
  package var invoked: Int
  /// Nil: the client never learned what became of it. It took effect at any time after the call, or never.
  package var returned: Int?
  /// What the register held right after the operation, as answered.
  package var result: UInt64?

  package init(client: Int, key: Int, action: Action, invoked: Int, returned: Int? = nil, result: UInt64? = nil) {
    self.client = client
    self.key = key
    self.action = action
    self.invoked = invoked
    self.returned = returned
    self.result = result
  }

  /// A register after `action`.
  package static func value(after action: Action, on value: UInt64) -> UInt64 {
    switch action {
    case .put(let new): new
    case .add(let mark): adding(mark, to: value)
    case .get: value
    }
  }

  /// A sum of well mixed marks: no two sets of marks meet, and the checker need not try every order of calls nobody heard back from.
  package static func adding(_ mark: UInt64, to value: UInt64) -> UInt64 { value &+ mix64(mark) }
}

extension Operation: CustomStringConvertible {
  package var description: String {
    let end = returned.map { "\($0)" } ?? "?"
    let answer = result.map { " -> \($0)" } ?? ""
    return "[\(invoked), \(end)] client \(client) key \(key) \(action)\(answer)"
  }
}
