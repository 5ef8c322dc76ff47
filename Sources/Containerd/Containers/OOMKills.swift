import FoundationEssentials

/// Asks the kernel how many processes of a cgroup it has killed for want of memory.
///
/// The cgroup outlives its processes until the container is deleted, so this still answers when the event was missed.
enum OOMKills {
  /// - Parameter cgroup: absolute, as in the container's spec. 0 when it cannot be read.
  static func count(cgroup: String) async -> Int {
    for file in ["/sys/fs/cgroup\(cgroup)/memory.events", "/sys/fs/cgroup/memory\(cgroup)/memory.oom_control"] {
      guard let data = FileManager.default.contents(atPath: file) else { continue }
      return parse(String(decoding: data, as: UTF8.self))
    }
    return 0
  }

  /// Both files have lines of a name and a number.
  static func parse(_ text: String) -> Int {
    text.split(separator: "\n").first { $0.hasPrefix("oom_kill ") }.flatMap { Int($0.dropFirst(9)) } ?? 0
  }
}
