import ClusterModel

/// `--ulimit nofile=1024[:4096]`; `unlimited` or `-1` for no limit.
enum UlimitText {
  static func parse(_ text: String) throws -> Ulimit {
    let (name, values) = try KeyValue.split(text, what: "a ulimit", example: "nofile=1024:4096")
    guard LinuxNames.ulimits.contains(name) else {
      throw ValueError("unknown ulimit '\(name)'; one of \(LinuxNames.ulimits.sorted().joined(separator: ", "))")
    }
    let parts = values.split(separator: ":", omittingEmptySubsequences: false)
    guard let first = parts.first, parts.count <= 2 else { throw ValueError("ulimit '\(text)' must be NAME=SOFT[:HARD]") }
    let soft = try limit(first, in: text)
    let hard = parts.count == 2 ? try limit(parts[1], in: text) : soft
    guard soft <= hard else { throw ValueError("the soft limit of ulimit '\(text)' is above its hard limit") }
    return Ulimit(name: name, soft: soft, hard: hard)
  }

  private static func limit(_ part: Substring, in text: String) throws -> UInt64 {
    if part == "-1" || part == "unlimited" { return .max }
    guard let value = UInt64(part) else { throw ValueError("'\(part)' in ulimit '\(text)' is not a number; use a number or unlimited") }
    return value
  }
}
