import RaftSimulator

/// What clients asked and were told in one round, in the order in which the calls began; what the oracle judges.
struct History: Codable, Sendable {
  /// A register is a service: its marks (a label to which each change adds a mark of its own), or its number of replicas plus one. Nothing
  /// and 0 are a service that is not there.
  enum Register: String, Codable, Sendable { case marks, replicas }

  enum Action: Codable, Sendable, Equatable {
    /// Adds a mark; the first one creates the service.
    case add(UInt64)
    /// Creates, scales or (0) deletes.
    case set(UInt64)
    case read
  }

  struct Call: Codable, Sendable {
    var client: Int
    /// Who was asked, in turn, with the same request id.
    var managers: [String]
    var service: String
    var register: Register
    var action: Action
    /// Moments on one counter that no two share.
    var invoked: Int
    var returned: Int?
    /// What the register held, as a read was told.
    var seen: [UInt64]?
    /// Milliseconds since 1970.
    var began: Int64
    var ended: Int64?
    /// Why there was no answer.
    var error: String?
  }

  /// A task that should run and does, as the store has it when all has settled.
  struct Placement: Codable, Sendable, Hashable, Comparable {
    var node: String
    var container: String

    static func < (left: Placement, right: Placement) -> Bool { (left.node, left.container) < (right.node, right.container) }
  }

  var calls: [Call] = []
  /// Answers that no fault explains.
  var unexpected: [String] = []
  /// Milliseconds from the last fault's end until everything was as it should be; nil when it was not in time.
  var settledAfter: Int?
  /// What was still missing.
  var missing = ""
  var placements: [Placement] = []
  /// The services at the end, as each manager lists them.
  var services: [String: [String]] = [:]

  /// The calls as the checker of linearizability takes them. Each service's name is one key.
  var operations: [Operation] {
    var keys: [String: Int] = [:]
    return calls.map { call in
      let key = keys[call.service] ?? keys.count
      keys[call.service] = key
      let action: Operation.Action =
        switch call.action {
        case .add(let mark): .add(mark)
        case .set(let value): .put(value)
        case .read: .get
        }
      let result = call.seen.map { seen in
        switch call.register {
        case .marks: seen.reduce(0) { Operation.adding($1, to: $0) }
        case .replicas: seen.first ?? 0
        }
      }
      return Operation(client: call.client, key: key, action: action, invoked: call.invoked, returned: call.returned, result: result)
    }
  }
}
