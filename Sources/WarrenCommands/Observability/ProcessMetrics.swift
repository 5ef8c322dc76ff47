import Foundation

/// What every Prometheus client says about its own process, under the usual names:
/// https://prometheus.io/docs/instrumenting/writing_clientlibs/#process-metrics
struct ProcessMetrics: Sendable, Equatable {
  var residentBytes = 0.0
  var cpuSeconds = 0.0
  var startTime = 0.0
  var threads = 0.0

  /// - Parameters:
  ///   - stat: `/proc/self/stat`; see proc(5).
  ///   - systemStat: `/proc/stat`, for the time the machine started.
  init?(stat: String, systemStat: String, ticksPerSecond: Double, pageSize: Double) {
    // The second field is the program's name in parentheses and may itself have spaces and parentheses in it.
    guard let end = stat.lastIndex(of: ")") else { return nil }
    let fields = stat[stat.index(after: end)...].split(separator: " ").map { Double($0) ?? 0 }
    guard fields.count > 21 else { return nil }
    let boot = systemStat.split(separator: "\n").first { $0.hasPrefix("btime ") }.flatMap { Double($0.dropFirst(6)) } ?? 0
    cpuSeconds = (fields[11] + fields[12]) / ticksPerSecond
    threads = fields[17]
    startTime = boot + fields[19] / ticksPerSecond
    residentBytes = fields[21] * pageSize
  }

  /// The page's lines about this process, read now.
  static func render() -> String {
    let read = { (path: String) in (try? String(contentsOfFile: path, encoding: .utf8)) ?? "" }
    var text = ""
    if let own = ProcessMetrics(
      stat: read("/proc/self/stat"), systemStat: read("/proc/stat"), ticksPerSecond: Double(sysconf(Int32(_SC_CLK_TCK))),
      pageSize: Double(getpagesize()))
    {
      text += PrometheusText.single("process_cpu_seconds_total", .counter, own.cpuSeconds)
      text += PrometheusText.single("process_resident_memory_bytes", .gauge, own.residentBytes)
      text += PrometheusText.single("process_start_time_seconds", .gauge, own.startTime)
      text += PrometheusText.single("process_threads", .gauge, own.threads)
    }
    if let files = try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd") {
      // Reading the folder takes a descriptor of its own.
      text += PrometheusText.single("process_open_fds", .gauge, Double(files.count - 1))
    }
    var limit = rlimit()
    if getrlimit(__rlimit_resource_t(UInt32(RLIMIT_NOFILE.rawValue)), &limit) == 0 {
      text += PrometheusText.single("process_max_fds", .gauge, Double(limit.rlim_cur))
    }
    return text
  }
}
