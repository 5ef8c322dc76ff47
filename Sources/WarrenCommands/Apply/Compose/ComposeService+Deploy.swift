import ClusterModel

/// The key `deploy` (https://github.com/compose-spec/compose-spec/blob/main/deploy.md).
extension ComposeService {
  private static let orders = [("start-first", UpdatePolicy.Order.startFirst), ("stop-first", .stopFirst)]
  private static let failureActions = [("pause", UpdatePolicy.FailureAction.pause), ("continue", .proceed), ("rollback", .rollback)]
  private static let conditions = [("any", RestartPolicy.Condition.any), ("on-failure", .onFailure), ("none", .none)]

  mutating func setDeploy(_ value: DocumentValue, _ reading: ComposeReading) throws {
    for field in try value.entries() where !field.key.hasPrefix("x-") && !field.value.isNull {
      switch field.key {
      case "mode":
        switch try field.value.text() {
        case "replicated": isGlobal = false
        case "global": isGlobal = true
        default: try reading.leaveOut(field.value, "use replicated or global")
        }
      case "replicas": try setReplicas(field.value)
      case "labels": deployLabels = try Self.labels(field.value)
      case "update_config": spec.update = try Self.policy(field.value)
      case "rollback_config": spec.rollback = try Self.policy(field.value)
      case "resources": try setResources(field.value, reading)
      case "placement": try setPlacement(field.value, reading)
      case "restart_policy": deployRestart = try Self.restart(field.value)
      case "endpoint_mode": reading.leaveOut(field, "ports are published on the nodes that run a task")
      default:
        throw DocumentError.unknown(
          field,
          [
            "mode", "replicas", "labels", "update_config", "rollback_config", "resources", "placement", "restart_policy", "endpoint_mode",
          ])
      }
    }
  }

  private static func policy(_ value: DocumentValue) throws -> UpdatePolicy {
    var policy = UpdatePolicy()
    for field in try value.entries() where !field.value.isNull {
      switch field.key {
      case "parallelism": policy.parallelism = .slots(try field.value.integer(0...ServiceSpec.mostReplicas))
      case "delay": policy.delay = try field.value.text(DurationText.parse)
      case "failure_action": policy.failureAction = try field.value.choice(failureActions)
      case "monitor": policy.monitor = try field.value.text(DurationText.parse)
      case "max_failure_ratio": policy.maxFailureRatio = try field.value.ratio()
      case "order": policy.order = try field.value.choice(orders)
      default: throw DocumentError.unknown(field, ["parallelism", "delay", "failure_action", "monitor", "max_failure_ratio", "order"])
      }
    }
    return policy
  }

  private mutating func setResources(_ value: DocumentValue, _ reading: ComposeReading) throws {
    for kind in try value.entries() where !kind.value.isNull {
      guard ["limits", "reservations"].contains(kind.key) else { throw DocumentError.unknown(kind, ["limits", "reservations"]) }
      var resources = kind.key == "limits" ? spec.task.limits : spec.task.reservations
      for field in try kind.value.entries() where !field.value.isNull {
        switch field.key {
        case "cpus": resources.nanoCPUs = try field.value.text(CoreCount.parse)
        case "memory": resources.memoryBytes = try field.value.text(ByteSize.parse)
        case "pids" where kind.key == "limits": spec.task.pidsLimit = try field.value.integer()
        case "pids", "devices", "generic_resources": reading.leaveOut(field)
        default: throw DocumentError.unknown(field, ["cpus", "memory", "pids", "devices", "generic_resources"])
        }
      }
      if kind.key == "limits" { spec.task.limits = resources } else { spec.task.reservations = resources }
    }
  }

  private mutating func setPlacement(_ value: DocumentValue, _ reading: ComposeReading) throws {
    for field in try value.entries() where !field.value.isNull {
      switch field.key {
      case "constraints":
        for item in try field.value.list() {
          let text = try item.text()
          // Labels of Docker's daemon.
          if text.hasPrefix("engine.") {
            try reading.leaveOut(item, "label the nodes, and use node.labels.NAME")
          } else {
            do { spec.task.placement.constraints.append(try Constraint(parsing: text).description) } catch { throw item.error(error.message) }
          }
        }
      case "max_replicas_per_node": spec.task.placement.maxPerNode = try field.value.integer()
      case "preferences": reading.leaveOut(field)
      default: throw DocumentError.unknown(field, ["constraints", "max_replicas_per_node", "preferences"])
      }
    }
  }

  private static func restart(_ value: DocumentValue) throws -> RestartPolicy {
    var policy = RestartPolicy()
    for field in try value.entries() where !field.value.isNull {
      switch field.key {
      case "condition": policy.condition = try field.value.choice(conditions)
      case "delay": policy.delay = try field.value.text(DurationText.parse)
      case "max_attempts": policy.maxAttempts = try field.value.integer()
      case "window": policy.window = try field.value.text(DurationText.parse)
      default: throw DocumentError.unknown(field, ["condition", "delay", "max_attempts", "window"])
      }
    }
    return policy
  }
}
