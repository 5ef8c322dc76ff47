import ClusterModel

/// What each key of a service sets.
extension ComposeService {
  static let setters: [String: Setter] = [
    "image": { service, value, _ in service.spec.task.container.image = try value.text() },
    "command": { service, value, _ in service.spec.task.container.args = try words(value) },
    "entrypoint": { service, value, _ in service.spec.task.container.entrypoint = try words(value) },
    "environment": { service, value, reading in service.variables = try environment(value, reading) },
    "env_file": { service, value, reading in
      for file in try value.listOrOne() { service.fileVariables += try environmentFile(file, reading) }
    },
    "ports": { service, value, reading in
      for port in try value.list() { service.spec.task.ports += try ComposePort.read(port, reading) }
    },
    "volumes": { service, value, reading in
      for volume in try value.list() {
        if let mount = try ComposeVolume.read(volume, reading) { service.spec.task.container.mounts.append(mount) }
      }
    },
    "tmpfs": { service, value, reading in
      for mount in try value.listOrOne() { service.spec.task.container.mounts.append(try ComposeVolume.tmpfs(mount, reading)) }
    },
    "deploy": { service, value, reading in try service.setDeploy(value, reading) },
    "healthcheck": { service, value, reading in try ComposeHealth.set(&service.spec.task, value, reading) },
    "labels": { service, value, _ in service.spec.labels = try labels(value) },
    "stop_grace_period": { service, value, _ in service.spec.task.container.stopGrace = try value.text(DurationText.parse) },
    "stop_signal": { service, value, _ in service.spec.task.container.stopSignal = try value.text(SignalName.parse) },
    "user": { service, value, _ in service.spec.task.container.user = try value.text() },
    "working_dir": { service, value, _ in service.spec.task.container.workingDirectory = try value.text() },
    "hostname": { service, value, _ in service.spec.task.container.hostname = try value.text() },
    "read_only": { service, value, _ in service.spec.task.container.readOnly = try value.flag() },
    "init": { service, value, _ in service.spec.task.container.initProcess = try value.flag() },
    "cap_add": { service, value, _ in
      service.spec.task.container.capAdd = try value.list().map { try $0.text(CapabilityName.parse) }
    },
    "cap_drop": { service, value, _ in
      service.spec.task.container.capDrop = try value.list().map { try $0.text(CapabilityName.parse) }
    },
    "devices": { service, value, _ in
      service.spec.task.container.devices = try value.list().map { try $0.text(DeviceText.parse) }
    },
    "ulimits": { service, value, _ in service.spec.task.container.ulimits = try ulimits(value) },
    "security_opt": { service, value, reading in
      for option in try value.list() {
        switch try option.text() {
        case "no-new-privileges", "no-new-privileges:true": break
        case "no-new-privileges:false": service.spec.task.container.allowNewPrivileges = true
        default: try reading.leaveOut(option)
        }
      }
    },
    "network_mode": { service, value, reading in
      switch try value.text() {
      case "host": service.spec.task.network = .host
      case "bridge": break
      default: try reading.leaveOut(value)
      }
    },
    "restart": { service, value, _ in try service.setRestart(value) },
    "scale": { service, value, _ in try service.setReplicas(value) },
    "cpus": { service, value, _ in service.spec.task.limits.nanoCPUs = try value.text(CoreCount.parse) },
    "mem_limit": { service, value, _ in service.spec.task.limits.memoryBytes = try value.text(ByteSize.parse) },
    "mem_reservation": { service, value, _ in service.spec.task.reservations.memoryBytes = try value.text(ByteSize.parse) },
    "pids_limit": { service, value, _ in service.spec.task.pidsLimit = try value.integer() },
    "depends_on": { service, value, reading in try service.setDependencies(value, reading) },
  ]

  mutating func setReplicas(_ value: DocumentValue) throws {
    let count = try value.text(ReplicaCount.parse)
    if let replicas, replicas != count { throw value.error("'scale' and 'deploy.replicas' differ; leave one of the two out") }
    replicas = count
  }

  private mutating func setRestart(_ value: DocumentValue) throws {
    let text = try value.text()
    let parts = text.split(separator: ":", maxSplits: 1)
    switch (parts.first, parts.count) {
    case ("no", 1): spec.task.restart.condition = .none
    case ("always", 1), ("unless-stopped", 1): spec.task.restart.condition = .any
    case ("on-failure", _):
      spec.task.restart.condition = .onFailure
      guard parts.count == 2 else { return }
      guard let count = Int(parts[1]), count >= 0 else { throw value.error("'\(parts[1])' is no number of restarts; use for example on-failure:3") }
      spec.task.restart.maxAttempts = count
    default: throw value.error("'\(text)' is no value of '\(value.name)'; use \"no\", always, on-failure[:N] or unless-stopped")
    }
  }

  private mutating func setDependencies(_ value: DocumentValue, _ reading: ComposeReading) throws {
    if value.isList {
      dependencies = try value.list().map { name in (try name.text(), name.place, true) }
      return
    }
    for entry in try value.entries() {
      var isRequired = true
      for field in entry.value.isNull ? [] : try entry.value.entries() {
        switch field.key {
        case "condition":
          let condition = try field.value.text()
          // It counts as up when it is ready, where that is checked.
          if condition == "service_completed_successfully" {
            try reading.leaveOut(field.value, "a service starts when what it depends on is up")
          } else if condition != "service_started", condition != "service_healthy" {
            throw field.value.error("'\(condition)' is no condition; use service_started or service_healthy")
          }
        case "required": isRequired = try field.value.flag()
        case "restart": if try field.value.flag() { reading.leaveOut(field) }
        default: throw DocumentError.unknown(field, ["condition", "required", "restart"])
        }
      }
      dependencies.append((entry.key, entry.keyPlace, isRequired))
    }
  }

  private static func words(_ value: DocumentValue) throws -> [String] {
    value.isList ? try value.texts() : try value.text(ShellWords.split)
  }

  private static func environment(_ value: DocumentValue, _ reading: ComposeReading) throws -> [String] {
    try variables(try value.pairs(), reading)
  }

  private static func environmentFile(_ value: DocumentValue, _ reading: ComposeReading) throws -> [String] {
    var path = value
    var isRequired = true
    if value.isMapping {
      var found: DocumentValue?
      for field in try value.entries() {
        switch field.key {
        case "path": found = field.value
        case "required": isRequired = try field.value.flag()
        case "format": reading.leaveOut(field)
        default: throw DocumentError.unknown(field, ["path", "required", "format"])
        }
      }
      guard let found else { throw value.error("'env_file' has no path; give one with path: FILE") }
      path = found
    }
    let name = try path.text()
    guard let entries = try reading.environment(in: name, path.place) else {
      if !isRequired { return [] }
      throw path.error("the file \(name) does not exist; it is looked for beside the Compose file; create it, or write required: false")
    }
    return try variables(entries.map { ($0.key, $0.value, path.place) }, reading)
  }

  /// A key alone takes the value that the environment has, and is left out if that has none.
  private static func variables(_ pairs: [(key: String, value: String?, place: Place)], _ reading: ComposeReading) throws -> [String] {
    var variables: [String] = []
    for (key, value, place) in pairs {
      guard let value = value ?? reading.variables.lookup(key) else { continue }
      do { variables.append(try KeyValue.parseEnvironment("\(key)=\(value)")) } catch { throw DocumentError(place, "\(error)") }
    }
    return variables
  }

  static func labels(_ value: DocumentValue) throws -> [String: String] {
    Dictionary(try value.pairs().map { ($0.key, $0.value ?? "") }) { $1 }
  }

  private static func ulimits(_ value: DocumentValue) throws -> [Ulimit] {
    try value.entries().map { entry in
      guard entry.value.isMapping else { return try entry.value.text { try UlimitText.parse("\(entry.key)=\($0)") } }
      var limits: [String: String] = [:]
      for field in try entry.value.entries() {
        guard ["soft", "hard"].contains(field.key) else { throw DocumentError.unknown(field, ["soft", "hard"]) }
        limits[field.key] = try field.value.text()
      }
      guard let soft = limits["soft"], let hard = limits["hard"] else { throw entry.value.error("'\(entry.value.name)' needs both soft and hard") }
      do { return try UlimitText.parse("\(entry.key)=\(soft):\(hard)") } catch { throw entry.value.error("\(error)") }
    }
  }
}
