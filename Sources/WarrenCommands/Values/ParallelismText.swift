import ClusterModel

/// `2`, or `25%` of the replicas.
enum ParallelismText {
  static func parse(_ text: String) throws -> UpdatePolicy.Parallelism {
    let failure = ValueError("'\(text)' is not a number of tasks; use for example 2, or 25%, or 0 for all at once")
    if text.hasSuffix("%") {
      guard let percent = Int(text.dropLast()), (1...100).contains(percent) else { throw failure }
      return .percent(percent)
    }
    guard let count = Int(text), (0...ServiceSpec.mostReplicas).contains(count) else { throw failure }
    return .slots(count)
  }
}
