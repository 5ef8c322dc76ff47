import ClusterModel

/// `ports`: `[IP:]HOST:CONTAINER[/udp]`, with ranges, or a mapping.
enum ComposePort {
  private static let mostPorts = 256

  static func read(_ value: DocumentValue, _ reading: ComposeReading) throws -> [PublishedPort] {
    value.isMapping ? try long(value, reading) : try short(value, reading)
  }

  private static func short(_ value: DocumentValue, _ reading: ComposeReading) throws -> [PublishedPort] {
    let text = try value.text()
    let halves = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
    let front = halves.first ?? ""
    guard let colon = front.lastIndex(of: ":") else {
      try reading.leaveOut(value, "name the port of the node as well, as in 8080:\(front)")
      return []
    }
    let container = front[front.index(after: colon)...]
    let before = front[..<colon]
    let hostStart = before.lastIndex(of: ":").map { before.index(after: $0) } ?? before.startIndex
    let (address, host) = (before[..<hostStart], before[hostStart...])
    let transport = halves.count > 1 ? "/\(halves[1])" : ""
    let pairs = try pairs(of: host, container, value)
    return try pairs.map { host, container in
      do { return try PortText.parse("\(address)\(host):\(container)\(transport)") } catch { throw value.error("\(error)") }
    }
  }

  /// Each port of the one range with that of the other.
  private static func pairs(of host: Substring, _ container: Substring, _ value: DocumentValue) throws -> [(String, String)] {
    if !host.contains("-"), !container.contains("-") { return [(String(host), String(container))] }
    guard let left = range(host), let right = range(container), left.count == right.count, left.count <= mostPorts else {
      throw value.error("'\(host):\(container)' are not two ranges of as many ports; use for example 3000-3005:3000-3005")
    }
    return zip(left, right).map { (String($0), String($1)) }
  }

  private static func range(_ text: Substring) -> ClosedRange<UInt16>? {
    let ends = text.split(separator: "-", omittingEmptySubsequences: false).map { UInt16($0) }
    guard ends.count == 2, let first = ends[0], let last = ends[1], first <= last else { return nil }
    return first...last
  }

  private static func long(_ value: DocumentValue, _ reading: ComposeReading) throws -> [PublishedPort] {
    var port = PublishedPort(hostPort: 0, containerPort: 0)
    for field in try value.entries() where !field.key.hasPrefix("x-") && !field.value.isNull {
      switch field.key {
      case "target": port.containerPort = UInt16(try field.value.integer(1...65535))
      case "published":
        if try field.value.text().contains("-") {
          reading.leaveOut(field, "name one port")
          return []
        }
        port.hostPort = UInt16(try field.value.integer(1...65535))
      case "host_ip": port.hostIP = try field.value.text()
      case "protocol": port.transport = try field.value.choice([("tcp", .tcp), ("udp", .udp)])
      case "mode":
        if try field.value.choice([("host", "host"), ("ingress", "ingress")]) == "ingress" {
          try reading.leaveOut(field.value, "ports are published on the nodes that run a task: mode: host")
        }
      case "name", "app_protocol": reading.leaveOut(field)
      default: throw DocumentError.unknown(field, ["target", "published", "host_ip", "protocol", "mode", "name", "app_protocol"])
      }
    }
    if port.containerPort == 0 { throw value.error("a port has no target; give the container's port with target: PORT") }
    if port.hostPort == 0 {
      reading.leaveOut(value.place, "\(value.name): target \(port.containerPort) alone", "name the port of the node with published: PORT")
      return []
    }
    return [port]
  }
}
