import ClusterModel

/// What each key sets.
extension NativeService {
  static let keys: [String: Setter<ServiceSpec>] = containerKeys.merging(policyOptionKeys) { first, _ in first }

  private static let containerKeys: [String: Setter<ServiceSpec>] = [
    "command": { $0.task.container.args = try $1.texts() },
    "entrypoint": { $0.task.container.entrypoint = try entrypoint($1) },
    "env": { $0.task.container.env = try environment($1) },
    "label": { $0.labels = try labels($1) },
    "labels": { $0.labels = try labels($1) },
    // As with the options, mounts come before those of memory.
    "mount": { $0.task.container.mounts.insert(contentsOf: try $1.texts(MountText.parse), at: 0) },
    "tmpfs": { $0.task.container.mounts += try $1.texts(MountText.parseTmpfs) },
    "user": { $0.task.container.user = try $1.text() },
    "workdir": { $0.task.container.workingDirectory = try $1.text() },
    "hostname": { $0.task.container.hostname = try $1.text() },
    "read-only": { $0.task.container.readOnly = try $1.flag() },
    "cap-add": { $0.task.container.capAdd = try $1.texts(CapabilityName.parse) },
    "cap-drop": { $0.task.container.capDrop = try $1.texts(CapabilityName.parse) },
    "device": { $0.task.container.devices = try $1.texts(DeviceText.parse) },
    "ulimit": { $0.task.container.ulimits = try $1.texts(UlimitText.parse) },
    "init": { $0.task.container.initProcess = try $1.flag() },
    "allow-new-privileges": { $0.task.container.allowNewPrivileges = try $1.flag() },
    "stop-signal": { $0.task.container.stopSignal = try $1.text(SignalName.parse) },
    "stop-timeout": { $0.task.container.stopGrace = try $1.text(DurationText.parse) },
  ]

  private static let policyOptionKeys: [String: Setter<ServiceSpec>] = [
    "replicas": { $0.mode = .replicated(replicas: try $1.text(ReplicaCount.parse)) },
    "mode": { if try $1.choice(of: ServicePolicyOptions.Mode.self) == .global { $0.mode = .global } },
    "publish": { $0.task.ports = try $1.texts(PortText.parse) },
    "network": { $0.task.network = try $1.choice(of: ServicePolicyOptions.Network.self) == .host ? .host : .bridge },
    "cpus": { $0.task.limits.nanoCPUs = try $1.text(CoreCount.parse) },
    "memory": { $0.task.limits.memoryBytes = try $1.text(ByteSize.parse) },
    "reserve-cpus": { $0.task.reservations.nanoCPUs = try $1.text(CoreCount.parse) },
    "reserve-memory": { $0.task.reservations.memoryBytes = try $1.text(ByteSize.parse) },
    "pids-limit": { $0.task.pidsLimit = try $1.integer() },
    "constraint": { $0.task.placement.constraints = try $1.listOrOne().map { try $0.text() } },
    "max-per-node": { $0.task.placement.maxPerNode = try $1.integer() },
    "restart": { $0.task.restart.condition = try $1.choice(of: ServicePolicyOptions.Restart.self).value },
    "restart-max": { $0.task.restart.maxAttempts = try $1.integer() },
    "restart-delay": { $0.task.restart.delay = try $1.text(DurationText.parse) },
    "restart-window": { $0.task.restart.window = try $1.text(DurationText.parse) },
    "starts-after": { $0.startsAfter = try $1.listOrOne().map { try $0.text() } },
    "readiness": { $0.task.readiness = try check($1) },
    "liveness": { $0.task.liveness = try check($1) },
    "image-healthcheck": { $0.task.ignoresImageHealth = try !$1.flag() },
    "update": { $0.update = try update($1) },
    "rollback": { try set(&$0.rollback, try $1.entries(), by: policyKeys) },
  ]

  static let policyKeys: [String: Setter<UpdatePolicy>] = [
    "parallelism": { $0.parallelism = try $1.text(ParallelismText.parse) },
    "delay": { $0.delay = try $1.text(DurationText.parse) },
    "order": { $0.order = try $1.choice(of: RolloutOptions.Order.self).value },
    "monitor": { $0.monitor = try $1.text(DurationText.parse) },
    "failure-action": { $0.failureAction = try $1.choice(of: RolloutOptions.FailureAction.self).value },
    "max-failure-ratio": { $0.maxFailureRatio = try $1.ratio() },
  ]

  static let healthKeys: [String: Setter<HealthCheck>] = [
    "interval": { $0.interval = try $1.text(DurationText.parse) },
    "timeout": { $0.timeout = try $1.text(DurationText.parse) },
    "retries": { $0.retries = try $1.integer() },
    "start-period": { $0.startPeriod = try $1.text(DurationText.parse) },
    "start-interval": { $0.startInterval = try $1.text(DurationText.parse) },
  ]

  static let strategyKeys = ["strategy", "canary-weight", "blue-green-keep"]

  private static func update(_ value: DocumentValue) throws -> UpdatePolicy {
    var policy = UpdatePolicy()
    let entries = try value.entries()
    try set(&policy, entries.filter { !strategyKeys.contains($0.key) }, by: policyKeys, besides: strategyKeys)
    func entry(_ key: String) -> DocumentValue.Entry? { entries.first { $0.key == key } }
    let strategy = try entry("strategy")?.value.choice(of: RolloutOptions.Strategy.self) ?? .rolling
    for (key, other) in [("canary-weight", RolloutOptions.Strategy.canary), ("blue-green-keep", .blueGreen)] {
      guard let entry = entry(key), strategy != other else { continue }
      throw DocumentError(entry.keyPlace, "\(key) is not possible; the strategy is \(strategy.rawValue); write strategy: \(other.rawValue) as well")
    }
    switch strategy {
    case .rolling: break
    case .blueGreen:
      policy.strategy = .blueGreen(keep: try entry("blue-green-keep")?.value.text(DurationText.parse) ?? RolloutOptions.defaultKeep)
    case .canary:
      policy.strategy = .canary(
        weights: try entry("canary-weight")?.value.texts(CanaryWeights.parse).flatMap(\.self) ?? RolloutOptions.defaultWeights)
    }
    return policy
  }

  /// `http://:80/ready`, or a mapping with that as `check` and its times.
  private static func check(_ value: DocumentValue) throws -> HealthCheck? {
    guard value.isMapping else { return try value.text(HealthCheckText.parse).map { HealthCheck($0) } }
    let entries = try value.entries()
    guard let probe = entries.first(where: { $0.key == "check" }) else {
      throw value.error("'\(value.name)' has no check; give one, for example check: http://:80/ready")
    }
    var check = try probe.value.text(HealthCheckText.parse).map { HealthCheck($0) }
    let others = entries.filter { $0.key != "check" }
    if check == nil, let other = others.first {
      throw DocumentError(other.keyPlace, "there is no check that '\(other.key)' could be for; leave it out")
    }
    if var found = check {
      try set(&found, others, by: healthKeys, besides: ["check"])
      check = found
    }
    return check
  }

  /// As the option has it one program, or empty for none; or a list with its arguments.
  private static func entrypoint(_ value: DocumentValue) throws -> [String] {
    if value.isList { return try value.texts() }
    let program = try value.text()
    return program.isEmpty ? [] : [program]
  }

  private static func environment(_ value: DocumentValue) throws -> [String] {
    try value.pairs().map { key, text, place in
      guard let text else { throw DocumentError(place, "environment variable '\(key)' has no value; write \(key)=VALUE, or '' for an empty one") }
      do { return try KeyValue.parseEnvironment("\(key)=\(text)") } catch { throw DocumentError(place, "\(error)") }
    }
  }

  private static func labels(_ value: DocumentValue) throws -> [String: String] {
    var labels: [String: String] = [:]
    for (key, text, place) in try value.pairs() {
      guard let text else { throw DocumentError(place, "label '\(key)' has no value; write \(key)=VALUE, or '' for an empty one") }
      if labels.updateValue(text, forKey: key) != nil { throw DocumentError(place, "label '\(key)' is given twice; leave one out") }
    }
    return labels
  }
}
