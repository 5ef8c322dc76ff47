/// A client with one call at a time; a call that nobody answered is tried again under the same number, then given up.
struct SimulatedClient {
  let number: Int
  var sequence: UInt64 = 0
  /// The call under way, as a position in the history.
  var operation: Int?
  var command: Command?
  /// Rises with every attempt of every call: late answers and timeouts of others are ignored.
  var attempt = 0
  var attemptsLeft = 0
  var firstAttempt = 0
  var isStopped = false
}
