import ClusterModel
import Glibc

/// Processor time used so far, in microseconds: unlike the time on the clock it is about the same when others use the machine too.
enum ProcessorTime {
  static func ofThisProcess() -> Double { Double(clock()) * 1e6 / Double(CLOCKS_PER_SEC) }

  /// In steps of the kernel's clock tick, 10 ms as a rule.
  static func of(process: Int) throws -> Double {
    guard let file = fopen("/proc/\(process)/stat", "r") else { throw WarrenError(.notFound, "There is no process \(process).") }
    defer { fclose(file) }
    var line = [UInt8](repeating: 0, count: 4096)
    let size = fread(&line, 1, line.count, file)
    // The name, second of the fields, may have spaces in it: count from its end (proc(5)).
    let fields = String(decoding: line[..<size], as: UTF8.self).split(separator: ")").last?.split(separator: " ") ?? []
    guard fields.count > 12, let user = Double(fields[11]), let system = Double(fields[12]) else {
      throw WarrenError(.internalError, "/proc/\(process)/stat cannot be understood.")
    }
    return (user + system) * 1e6 / Double(sysconf(Int32(_SC_CLK_TCK)))
  }
}
