import Logging

/// One line an event on standard error: `2026-03-01T09:00:00.250Z info task.started task=3kq9`, or the same as JSON.
struct DaemonLogHandler: LogHandler {
  var metadata: Logger.Metadata = [:]
  var logLevel: Logger.Level
  private let json: Bool

  init(level: Logger.Level, json: Bool) {
    logLevel = level
    self.json = json
  }

  subscript(metadataKey key: String) -> Logger.Metadata.Value? {
    get { metadata[key] }
    set { metadata[key] = newValue }
  }

  func log(event: LogEvent) {
    var fields = metadata.merging(event.metadata ?? [:]) { $1 }
    if let error = event.error { fields["error"] = "\(error)" }
    let pairs = fields.sorted { $0.key < $1.key }.map { ($0.key, "\($0.value)") }
    let time = TimeText.rfc3339(.milliseconds(of: TimeText.now()))
    Terminal.write(Self.line(time: time, level: event.level, message: "\(event.message)", fields: pairs, json: json), to: .error)
  }

  static func line(time: String, level: Logger.Level, message: String, fields: [(String, String)], json: Bool) -> String {
    if json {
      let all = [("time", time), ("level", level.rawValue), ("event", message)] + fields
      return "{" + all.map { "\(quoted($0)):\(quoted($1))" }.joined(separator: ",") + "}\n"
    }
    let tail = fields.map { key, value in
      " \(key)=" + (value.isEmpty || value.unicodeScalars.contains { $0.value <= 0x20 || $0 == "\"" || $0 == "=" } ? quoted(value) : value)
    }
    return "\(time) \(level.rawValue) \(message)\(tail.joined())\n"
  }

  /// A JSON string.
  private static func quoted(_ text: String) -> String {
    var quoted = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": quoted += "\\\""
      case "\\": quoted += "\\\\"
      case "\n": quoted += "\\n"
      case "\t": quoted += "\\t"
      case let control where control.value < 0x20:
        let hex = String(control.value, radix: 16)
        quoted += "\\u" + String(repeating: "0", count: 4 - hex.count) + hex
      default: quoted.unicodeScalars.append(scalar)
      }
    }
    return quoted + "\""
  }
}
