extension TaskSpec {
  package static let leastMemoryBytes: Int64 = 4 << 20
  /// A hundredth of a core: the kernel's shortest CPU quota, 1 ms in 100 ms.
  package static let leastNanoCPUs: Int64 = 10_000_000
  private static let mostNanoCPUs: Int64 = 4096 * 1_000_000_000
  private static let mostMemoryBytes: Int64 = 1 << 50
  private static let mostPids = 4_194_304

  /// - Throws: `invalidArgument` naming the value that is wrong.
  package func validate() throws(WarrenError) {
    try container.validate()
    try validateMemory()
    try validateCPUs()
    try restart.validate()
    try placement.validate()
    try validatePorts()
    try readiness?.validate("readiness")
    try liveness?.validate("liveness")
    if !(0...Self.mostPids).contains(pidsLimit) {
      throw .invalid("pids limit \(pidsLimit) is not valid", "it is out of range", "use 1 to \(Self.mostPids), or 0 for the default of 4096")
    }
  }

  private func validateMemory() throws(WarrenError) {
    let limit = limits.memoryBytes
    let reservation = reservations.memoryBytes
    if limit < 0 { throw .invalid("memory limit \(limit) is not valid", "it is negative", "use 4MiB or more, or 0 for no limit") }
    if limit > 0, limit < Self.leastMemoryBytes {
      throw .invalid(
        "memory limit \(ByteCount.text(limit)) is not valid", "no container can run with so little", "use 4MiB or more, or 0 for no limit")
    }
    for (kind, value) in [("limit", limit), ("reservation", reservation)] where value > Self.mostMemoryBytes {
      throw .invalid(
        "memory \(kind) \(ByteCount.text(value)) is not valid", "no machine has so much", "use at most \(ByteCount.text(Self.mostMemoryBytes))")
    }
    if reservation < 0 { throw .invalid("memory reservation \(reservation) is not valid", "it is negative", "use 0 or more") }
    if limit > 0, reservation > limit {
      throw .invalid(
        "memory reservation \(ByteCount.text(reservation)) is not valid", "it is more than the limit of \(ByteCount.text(limit))",
        "reserve at most the limit")
    }
  }

  private func validateCPUs() throws(WarrenError) {
    for (kind, value) in [("limit", limits.nanoCPUs), ("reservation", reservations.nanoCPUs)] {
      let what = "CPU \(kind) \(CPUCount.text(value)) is not valid"
      if value < 0 { throw .invalid(what, "it is negative", "use 0.01 or more, or 0 for none") }
      if value > 0, value < Self.leastNanoCPUs { throw .invalid(what, "it is less than the kernel can enforce", "use 0.01 or more, or 0 for none") }
      if value > Self.mostNanoCPUs { throw .invalid(what, "no machine has so many", "use at most 4096") }
    }
    if limits.nanoCPUs > 0, reservations.nanoCPUs > limits.nanoCPUs {
      throw .invalid(
        "CPU reservation \(CPUCount.text(reservations.nanoCPUs)) is not valid", "it is more than the limit of \(CPUCount.text(limits.nanoCPUs))",
        "reserve at most the limit")
    }
  }

  private func validatePorts() throws(WarrenError) {
    if ports.count > 256 { throw .invalid("\(ports.count) published ports are too many", "at most 256 are allowed", "publish fewer") }
    for (index, port) in ports.enumerated() {
      let text = "\(port.displayText.dropLast(4)):\(port.containerPort)/\(port.transport)"
      if port.hostPort == 0 || port.containerPort == 0 {
        throw .invalid("published port \(text) is not valid", "port 0 does not exist", "use ports from 1 to 65535")
      }
      if !port.hostIP.isEmpty, !IPAddressText.isValid(port.hostIP) {
        throw .invalid(
          "published port \(text) is not valid", "\(port.hostIP.quoted) is not an IP address", "use an address of the node, or leave it out")
      }
      if network != .host, port.hostIP.contains(":"), port.hostIP != "::" {
        throw .invalid(
          "published port \(text) is not valid", "containers have IPv4 addresses only", "use an IPv4 address of the node, or leave it out")
      }
      if let other = ports[..<index].first(where: { $0.conflicts(with: port) }) {
        throw .invalid("host port \(port.displayText) is published twice", "it is the same as \(other.displayText)", "publish each host port once")
      }
      if network == .host, port.hostPort != port.containerPort {
        throw .invalid(
          "published port \(text) is not valid", "with the host's network a container listens on the host's ports themselves",
          "use the same number on both sides, or leave --publish out")
      }
    }
  }
}

extension RestartPolicy {
  package static let longestDelay: Duration = .seconds(3600)
  package static let longestWindow: Duration = .seconds(30 * 24 * 3600)

  package func validate() throws(WarrenError) {
    if delay < .zero || delay > Self.longestDelay { throw .invalid("restart delay \(delay) is not valid", "it is out of range", "use 0s to 1h") }
    if window < .zero || window > Self.longestWindow {
      throw .invalid("restart window \(window) is not valid", "it is out of range", "use 0s to 720h")
    }
    if !(0...1_000_000).contains(maxAttempts) {
      throw .invalid("restart maximum \(maxAttempts) is not valid", "it is out of range", "use 1 to 1000000, or 0 for no limit")
    }
  }
}

extension Placement {
  package func validate() throws(WarrenError) {
    if maxPerNode < 0 { throw .invalid("max per node \(maxPerNode) is not valid", "it is negative", "use 1 or more, or 0 for no limit") }
    if constraints.count > 64 { throw .invalid("\(constraints.count) constraints are too many", "at most 64 are allowed", "use fewer") }
    for constraint in constraints { _ = try Constraint(parsing: constraint) }
  }
}
