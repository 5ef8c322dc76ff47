import ClusterModel

/// `healthcheck`: both readiness and liveness, as the image's own check is, with Docker's times.
enum ComposeHealth {
  static func set(_ task: inout TaskSpec, _ value: DocumentValue, _ reading: ComposeReading) throws {
    var check = HealthCheck(.exec([]))
    (check.interval, check.timeout, check.retries) = (.seconds(30), .seconds(30), 3)
    (check.startPeriod, check.startInterval) = (.zero, .seconds(5))
    var command: [String]?
    for field in try value.entries() where !field.key.hasPrefix("x-") && !field.value.isNull {
      switch field.key {
      case "test":
        command = try test(field.value)
        if command == nil { task.ignoresImageHealth = true }
      case "disable": if try field.value.flag() { task.ignoresImageHealth = true }
      case "interval": check.interval = try field.value.text(DurationText.parse)
      case "timeout": check.timeout = try field.value.text(DurationText.parse)
      case "retries": check.retries = try field.value.integer()
      case "start_period": check.startPeriod = try field.value.text(DurationText.parse)
      case "start_interval": check.startInterval = try field.value.text(DurationText.parse)
      default:
        throw DocumentError.unknown(field, ["test", "disable", "interval", "timeout", "retries", "start_period", "start_interval"])
      }
    }
    if task.ignoresImageHealth { return }
    guard let command else {
      reading.leaveOut(value.place, "\(value.name) without a test", "repeat the image's check as its test")
      return
    }
    check.probe = .exec(command)
    (task.readiness, task.liveness) = (check, check)
  }

  /// - Returns: nil for `["NONE"]`.
  private static func test(_ value: DocumentValue) throws -> [String]? {
    if !value.isList { return ["/bin/sh", "-c", try value.text()] }
    let words = try value.texts()
    switch words.first {
    case "NONE": return nil
    case "CMD" where words.count > 1: return Array(words.dropFirst())
    case "CMD-SHELL" where words.count > 1: return ["/bin/sh", "-c", words.dropFirst().joined(separator: " ")]
    default: throw value.error("'\(value.name)' is no test; use [CMD, program, argument…], [CMD-SHELL, line], [NONE], or a line for the shell")
    }
  }
}
