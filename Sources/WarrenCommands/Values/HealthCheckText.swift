import ClusterModel

/// A check as people write it: `http://:8080/healthz`, `tcp://:5432`, `grpc://:9000/my.Service`, `exec:pg_isready -q`, `shell:test -f /tmp/up`.
enum HealthCheckText {
  private static let usage =
    "use http://:PORT/PATH, tcp://:PORT, grpc://:PORT[/SERVICE], exec:PROGRAM ARGUMENT…, shell:LINE, or none to remove it"

  /// - Returns: nil for `none`.
  static func parse(_ text: String) throws -> HealthCheck.Probe? {
    if text == "none" { return nil }
    guard let colon = text.firstIndex(of: ":") else { throw ValueError("'\(text)' is not a health check; \(usage)") }
    let rest = text[text.index(after: colon)...]
    switch text[..<colon] {
    case "exec": return .exec(rest.split(separator: " ").map(String.init))
    case "shell": return .exec(["/bin/sh", "-c", String(rest)])
    case "http":
      let (port, path) = try place(rest, of: text)
      return .http(port: port, path: path.isEmpty ? "/" : path)
    case "tcp":
      let (port, path) = try place(rest, of: text)
      guard path.isEmpty else { throw ValueError("'\(text)' has a path, which a TCP connection has not; \(usage)") }
      return .tcp(port: port)
    case "grpc":
      let (port, path) = try place(rest, of: text)
      return .grpc(port: port, service: String(path.drop { $0 == "/" }))
    case let other: throw ValueError("'\(other)' in '\(text)' is no kind of health check; \(usage)")
    }
  }

  /// `//:PORT/PATH`. A host would be misleading: it is always the container.
  private static func place(_ rest: Substring, of text: String) throws -> (UInt16, String) {
    guard rest.hasPrefix("//") else { throw ValueError("'\(text)' is not a health check; \(usage)") }
    let place = rest.dropFirst(2)
    let path = place.firstIndex(of: "/").map { String(place[$0...]) } ?? ""
    let authority = place.prefix { $0 != "/" }
    guard authority.hasPrefix(":") else { throw ValueError("'\(text)' names a host, but it is the container that is asked; \(usage)") }
    guard let port = UInt16(authority.dropFirst()), port > 0 else {
      throw ValueError("'\(authority.dropFirst())' in '\(text)' is not a port; ports are 1 to 65535")
    }
    return (port, path)
  }
}
