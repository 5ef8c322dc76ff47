extension UpdatePolicy {
  package static let longest: Duration = .seconds(24 * 3600)

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
    if name == "rollback", failureAction == .rollback {
      throw .invalid("rollback failure action rollback is not valid", "it would never end", "use pause or continue")
    }
  }
}
