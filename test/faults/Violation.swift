/// A promise that was not kept.
struct Violation: Equatable, Sendable, CustomStringConvertible {
  /// What was promised.
  var promise: String
  /// What was seen instead.
  var evidence: String

  var description: String {
    "\(promise)\n\(evidence.split(separator: "\n", omittingEmptySubsequences: false).map { "    \($0)" }.joined(separator: "\n"))"
  }
}
