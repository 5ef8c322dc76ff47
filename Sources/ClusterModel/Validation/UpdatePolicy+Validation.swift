extension UpdatePolicy {
  package static let longest: Duration = .seconds(24 * 3600)
  package static let mostWeights = 10

  /// - Parameter name: `update` or `rollback`, as in the names of the options.
  /// - Throws: `invalidArgument` naming the value that is wrong.
  package func validate(of name: String) throws(WarrenError) {
    switch parallelism {
    case .slots(let count) where !(0...ServiceSpec.mostReplicas).contains(count):
      throw .invalid("\(name) parallelism \(count) is not valid", "it is out of range", "use 1 to \(ServiceSpec.mostReplicas), or 0 for all at once")
    case .percent(let percent) where !(1...100).contains(percent):
      throw .invalid("\(name) parallelism \(percent)% is not valid", "it is out of range", "use 1% to 100%")
    default: break
    }
    for (what, value) in [("delay", delay), ("monitor", monitor)] where value < .zero || value > Self.longest {
      throw .invalid("\(name) \(what) \(value) is not valid", "it is out of range", "use 0s to 24h")
    }
    if !(0...1).contains(maxFailureRatio) {
      throw .invalid("\(name) failure ratio \(maxFailureRatio) is not valid", "it is out of range", "use 0 to 1")
    }
    if name == "rollback", strategy != .rolling {
      throw .invalid("the rollback strategy is not valid", "a rollback is always rolling", "leave it out")
    }
    switch strategy {
    case .rolling: break
    case .blueGreen(let keep) where keep < .zero || keep > Self.longest:
      throw .invalid("\(name) keep \(keep) is not valid", "it is out of range", "use 0s to 24h")
    case .canary(let weights) where weights.isEmpty || weights.count > Self.mostWeights || weights.contains { !(1...99).contains($0) }:
      throw .invalid(
        "canary weights \(weights) are not valid", "each is a share in percent", "use 1 to \(Self.mostWeights) of 1 to 99, for example 10,50")
    case .canary(let weights) where weights != Set(weights).sorted():
      throw .invalid("canary weights \(weights) are not valid", "each has to be larger than the one before", "use for example 10,50")
    case .blueGreen, .canary: break
    }
    if name == "rollback", failureAction == .rollback {
      throw .invalid("rollback failure action rollback is not valid", "it would never end", "use pause or continue")
    }
  }
}
