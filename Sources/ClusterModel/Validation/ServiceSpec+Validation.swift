extension ServiceSpec {
  package static let mostReplicas = 10_000
  /// All texts of a spec together; keeps a transaction with many tasks, and a worker's assignment, small.
  package static let mostBytes = 256 * 1024

  /// Checks everything that can be wrong with a spec before it is stored.
  ///
  /// - Parameter checkingImage: checks the syntax of the image reference (OCI types are not known here).
  /// - Throws: `invalidArgument`; the message says which value is wrong, why, and what to write instead.
  package func validate(checkingImage: (String) throws(WarrenError) -> Void = { _ throws(WarrenError) in }) throws(WarrenError) {
    try Self.validate(name: name)
    try Self.validate(mode: mode)
    try LabelRules.validate(labels, of: "service")
    if task.container.image.isEmpty { throw .invalid("the image is missing", "a service needs one", "give it with --image NAME[:TAG]") }
    try checkingImage(task.container.image)
    try task.validate()
    try update.validate(of: "update")
    try rollback.validate(of: "rollback")
    for (kind, policy) in [("update", update), ("rollback", rollback)] where policy.monitor == .zero && task.readiness?.startPeriod == .zero {
      throw .invalid(
        "\(kind) monitor 0s is not valid with a readiness check", "each new task would count as failed before it can be ready",
        "use --\(kind)-monitor of some seconds, or --readiness-start-period")
    }
    if case .blueGreen = update.strategy, case (.stopFirst, let reason) = order(of: update) {
      throw .invalid(
        "blue-green is not possible for \(name)", reason ?? "its update order is stop-first, and blue-green starts all new tasks beside the old ones",
        reason == nil ? "use --update-order start-first" : "use --strategy rolling or canary")
    }
    try StartOrder.validate(startsAfter, of: name)
    try validateSize()
  }

  package static func validate(name: String) throws(WarrenError) {
    guard let why = name.whyNotDNSLabel else { return }
    throw .invalid(
      "service name \(name.quoted) is not valid", why, "use 1 to 63 letters, digits and hyphens, beginning and ending with a letter or digit")
  }

  package static func validate(mode: Mode) throws(WarrenError) {
    guard case .replicated(let replicas) = mode else { return }
    if replicas < 0 { throw .invalid("replicas \(replicas) is not valid", "it is negative", "use 0 to \(mostReplicas)") }
    if replicas > mostReplicas { throw .invalid("replicas \(replicas) is not valid", "it is too many", "use 0 to \(mostReplicas)") }
  }

  /// Things that are allowed but will surprise; for people, one sentence each.
  package var notes: [String] {
    guard case .replicated(let replicas) = mode, replicas > 1, task.network == .host, let port = task.ports.first else { return [] }
    return ["each of the \(replicas) replicas needs a node of its own, because with the host's network only one can listen on \(port.displayText)"]
  }

  private func validateSize() throws(WarrenError) {
    let size = labels.reduce(startsAfter.reduce(0) { $0 + $1.utf8.count } + name.utf8.count + unknown.bytes.count + task.approximateBytes) {
      $0 + $1.key.utf8.count + $1.value.utf8.count
    }
    if size > Self.mostBytes {
      throw .invalid(
        "the service is too large", "its texts are \(size) bytes together, \(Self.mostBytes) are allowed",
        "move large values into files that the containers mount")
    }
  }
}

extension PublishedPort {
  /// `8080/tcp` or `127.0.0.1:8080/tcp`: the host's side, for people.
  package var displayText: String {
    let address = hostIP.isEmpty ? "" : hostIP.contains(":") ? "[\(hostIP)]:" : "\(hostIP):"
    return "\(address)\(hostPort)/\(transport)"
  }
}
