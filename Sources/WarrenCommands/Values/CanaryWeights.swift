import ClusterModel

/// `10`, or `10,50`: shares of the slots in percent.
enum CanaryWeights {
  static func parse(_ text: String) throws -> [Int] {
    try text.split(separator: ",", omittingEmptySubsequences: false).map {
      guard let weight = Int($0.hasSuffix("%") ? $0.dropLast() : $0), (1...99).contains(weight) else {
        throw ValueError("'\(text)' is not a share of a canary; use for example 10, or 10,50 for two steps")
      }
      return weight
    }
  }
}
