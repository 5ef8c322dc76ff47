/// A condition that did not come true in time.
package struct NeverCame: Error, CustomStringConvertible {
  package var description: String
}

/// Waits until `condition` holds, as long as it takes a busy machine.
///
/// - Throws: `NeverCame` after `limit`, and what the condition throws.
package func eventually(
  _ what: String, within limit: Duration = .seconds(300), _ condition: () async throws -> Bool
) async throws {
  let deadline = ContinuousClock.now + limit
  while true {
    if try await condition() { return }
    if ContinuousClock.now > deadline { throw NeverCame(description: "not within \(limit): \(what)") }
    // Other processes bring the condition about: nothing here could be waited for instead of looking again.
    try await Task.sleep(for: .milliseconds(2))
  }
}
