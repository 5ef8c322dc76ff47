import ClusterModel

/// One service of a Compose file.
struct ComposeService {
  typealias Setter = @Sendable (inout ComposeService, DocumentValue, ComposeReading) throws -> Void

  var spec: ServiceSpec
  var replicas: Int?
  var isGlobal = false
  /// Of files first: what the service itself says comes after, and wins.
  var fileVariables: [String] = []
  var variables: [String] = []
  /// From `deploy`, which counts before `restart`.
  var deployRestart: RestartPolicy?
  var deployLabels: [String: String] = [:]
  var dependencies: [(name: String, place: Place, isRequired: Bool)] = []

  private init(_ name: String) { spec = ServiceSpec(name: name, task: TaskSpec(container: ContainerSpec(image: ""))) }

  static func read(_ entry: DocumentValue.Entry, siblings: Set<String>, _ reading: ComposeReading) throws -> DeclaredService {
    if entry.value.isNull { throw DocumentError(entry.keyPlace, "service \(entry.key) is empty; give it an image at least") }
    var service = ComposeService(entry.key)
    for field in try entry.value.entries() where !field.key.hasPrefix("x-") && !field.value.isNull {
      if let set = setters[field.key] {
        try set(&service, field.value, reading)
      } else if let hint = unsupportedKeys[field.key] {
        // What is switched off needs no counterpart.
        if field.value.node.scalar?.string != "false" { reading.leaveOut(field, hint) }
      } else {
        throw DocumentError.unknown(field, Array(setters.keys) + unsupportedKeys.keys)
      }
    }
    return try service.finished(entry.keyPlace, siblings)
  }

  private func finished(_ place: Place, _ siblings: Set<String>) throws -> DeclaredService {
    var spec = spec
    if spec.task.container.image.isEmpty {
      throw DocumentError(place, "service \(spec.name) has no image; build one, and name it with image: NAME[:TAG]")
    }
    if isGlobal, replicas != nil {
      throw DocumentError(place, "service \(spec.name) is global and has replicas; it is one task on every node; leave one of the two out")
    }
    spec.mode = isGlobal ? .global : .replicated(replicas: replicas ?? 1)
    spec.task.container.env = Self.merged(fileVariables + variables)
    if let deployRestart { spec.task.restart = deployRestart }
    spec.labels.merge(deployLabels) { $1 }
    for dependency in dependencies {
      if dependency.isRequired, !siblings.contains(dependency.name) {
        throw DocumentError(
          dependency.place, "service \(spec.name) depends on '\(dependency.name)', which is not in this file; add it, or leave it out")
      }
      if !spec.startsAfter.contains(dependency.name) { spec.startsAfter.append(dependency.name) }
    }
    return DeclaredService(spec: spec, place: place)
  }

  /// Each once, where it was first, with what was said last.
  private static func merged(_ variables: [String]) -> [String] {
    var order: [Substring] = []
    var values: [Substring: String] = [:]
    for variable in variables {
      let name = variable.prefix { $0 != "=" }
      if values.updateValue(variable, forKey: name) == nil { order.append(name) }
    }
    return order.compactMap { values[$0] }
  }

  /// Keys of Compose that Warren has nothing for, and what to do instead.
  private static let unsupportedKeys: [String: String?] = Dictionary(
    uniqueKeysWithValues: [
      "annotations", "attach", "blkio_config", "cgroup", "cgroup_parent", "cpu_count", "cpu_percent", "cpu_period", "cpu_quota", "cpu_rt_period",
      "cpu_rt_runtime", "cpu_shares", "cpuset", "credential_spec", "develop", "device_cgroup_rules", "domainname", "expose", "external_links",
      "gpus", "group_add", "ipc", "isolation", "label_file", "links", "logging", "mac_address", "mem_swappiness", "memswap_limit", "models",
      "oom_kill_disable", "oom_score_adj", "pid", "platform", "post_start", "pre_stop", "privileged", "profiles", "provider", "pull_policy",
      "runtime", "shm_size", "stdin_open", "storage_opt", "sysctls", "tty", "use_api_socket", "userns_mode", "uts", "volumes_from",
    ].map { ($0, nil) }
  ).merging([
    "build": "build the image first, and name it with image", "container_name": "containers are named by their tasks",
    "networks": "containers of a node share a network; publish what others need", "configs": "mount a file of the node",
    "secrets": "mount a file of the node, or set an environment variable", "extends": "repeat what it takes over, or use a YAML anchor",
    "dns": "name servers are an option of the node: --dns", "dns_opt": nil, "dns_search": nil, "extra_hosts": nil,
  ]) { $1 }
}
