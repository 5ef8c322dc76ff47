import ArgumentParser
import ClusterModel

/// How a service's tasks are checked: six options for readiness, the same six for liveness.
struct HealthOptions: ParsableArguments {
  /// A check, or `none` for one to be removed.
  enum Choice: Sendable {
    case none
    case probe(HealthCheck.Probe)

    init(parsing text: String) throws { self = try HealthCheckText.parse(text).map { .probe($0) } ?? .none }
  }

  @Option(
    help: ArgumentHelp(
      "Until it succeeds a task gets no traffic and does not count as up: http://:8080/ready, tcp://:5432, grpc://:9000, exec:PROGRAM …, shell:LINE; or none.",
      valueName: "check"), transform: Choice.init(parsing:))
  var readiness: Choice?
  @Option(
    parsing: .unconditional, help: ArgumentHelp("From one check to the next (default: 10s).", valueName: "duration"), transform: DurationText.parse)
  var readinessInterval: Duration?
  @Option(
    parsing: .unconditional, help: ArgumentHelp("One that takes longer has failed (default: 3s).", valueName: "duration"),
    transform: DurationText.parse)
  var readinessTimeout: Duration?
  @Option(parsing: .unconditional, help: ArgumentHelp("So many failures in a row count (default: 3).", valueName: "n")) var readinessRetries: Int?
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("How long an update waits for the first success, if that is more than its monitor time.", valueName: "duration"),
    transform: DurationText.parse)
  var readinessStartPeriod: Duration?
  @Option(
    parsing: .unconditional, help: ArgumentHelp("From one check to the next before the first success (default: 1s).", valueName: "duration"),
    transform: DurationText.parse)
  var readinessStartInterval: Duration?

  @Option(
    help: ArgumentHelp("When it fails the container is restarted by the restart policy. As for --readiness.", valueName: "check"),
    transform: Choice.init(parsing:))
  var liveness: Choice?
  @Option(parsing: .unconditional, help: ArgumentHelp("The same for liveness.", valueName: "duration"), transform: DurationText.parse)
  var livenessInterval: Duration?
  @Option(parsing: .unconditional, help: ArgumentHelp("The same for liveness.", valueName: "duration"), transform: DurationText.parse)
  var livenessTimeout: Duration?
  @Option(parsing: .unconditional, help: ArgumentHelp("The same for liveness.", valueName: "n")) var livenessRetries: Int?
  @Option(
    parsing: .unconditional, help: ArgumentHelp("After the start, in which failures do not count (default: 0s).", valueName: "duration"),
    transform: DurationText.parse)
  var livenessStartPeriod: Duration?
  @Option(parsing: .unconditional, help: ArgumentHelp("The same for liveness.", valueName: "duration"), transform: DurationText.parse)
  var livenessStartInterval: Duration?

  @Flag(inversion: .prefixedNo, help: "Heed the HEALTHCHECK of the image, if the service has no check of its own (default: yes).")
  var imageHealthcheck: Bool?

  /// Changes what was given.
  /// - Throws: `invalidArgument` when something of a check is given that the service does not have.
  func apply(to task: inout TaskSpec) throws(WarrenError) {
    try Self.change(
      &task.readiness, "readiness", to: readiness, interval: readinessInterval, timeout: readinessTimeout, retries: readinessRetries,
      startPeriod: readinessStartPeriod, startInterval: readinessStartInterval)
    try Self.change(
      &task.liveness, "liveness", to: liveness, interval: livenessInterval, timeout: livenessTimeout, retries: livenessRetries,
      startPeriod: livenessStartPeriod, startInterval: livenessStartInterval)
    if let imageHealthcheck { task.ignoresImageHealth = !imageHealthcheck }
  }

  private static func change(
    _ check: inout HealthCheck?, _ role: String, to choice: Choice?, interval: Duration?, timeout: Duration?, retries: Int?,
    startPeriod: Duration?, startInterval: Duration?
  ) throws(WarrenError) {
    switch choice {
    case .none?: check = nil
    case .probe(let probe)?:
      if check == nil { check = HealthCheck(probe) } else { check?.probe = probe }
    case nil: break
    }
    guard check != nil else {
      if interval == nil, timeout == nil, retries == nil, startPeriod == nil, startInterval == nil { return }
      throw WarrenError(.invalidArgument, "there is no \(role) check that this could be for; give one with --\(role)")
    }
    if let interval { check?.interval = interval }
    if let timeout { check?.timeout = timeout }
    if let retries { check?.retries = retries }
    if let startPeriod { check?.startPeriod = startPeriod }
    if let startInterval { check?.startInterval = startInterval }
  }
}
