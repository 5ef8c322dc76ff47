import CLinux
import Foundation
import HostNetwork

extension DoctorProbe {
  /// Where a program is found; the places of administration programs are searched even when PATH lacks them.
  static func program(_ name: String) -> String? {
    let path = ProcessInfo.processInfo.environment["PATH"] ?? ""
    let folders = path.split(separator: ":").map(String.init) + ["/usr/local/sbin", "/usr/sbin", "/sbin"]
    return folders.map { "\($0)/\(name)" }.first { access($0, X_OK) == 0 }
  }

  static func text(_ path: String) -> String { KernelFile.text(path) }

  static func cgroups() -> DoctorFacts.Cgroups {
    let words = { (text: String) in Set(text.split(whereSeparator: \.isWhitespace).map(String.init)) }
    if access("/sys/fs/cgroup/cgroup.controllers", F_OK) == 0 {
      return .init(version: 2, controllers: words(text("/sys/fs/cgroup/cgroup.controllers")))
    }
    let mounted = ["cpu", "memory", "pids"].filter { access("/sys/fs/cgroup/\($0)/cgroup.procs", F_OK) == 0 }
    return .init(
      version: mounted.isEmpty ? 0 : 1, isHybrid: access("/sys/fs/cgroup/unified/cgroup.controllers", F_OK) == 0, controllers: Set(mounted))
  }

  func disk() -> DoctorFacts.Disk? {
    var path = dataDirectory
    while access(path, F_OK) != 0, path != "/", !path.isEmpty { path = (path as NSString).deletingLastPathComponent }
    var status = statvfs()
    guard statvfs(path, &status) == 0 else { return nil }
    return .init(
      path: path, freeBytes: Int64(clamping: UInt64(status.f_bavail) * UInt64(status.f_frsize)),
      freeFiles: status.f_files == 0 ? nil : Int64(clamping: UInt64(status.f_favail)), isReadOnly: status.f_flag & UInt(ST_RDONLY) != 0)
  }

  static func clock() -> DoctorFacts.Clock {
    var state = timex()
    let answer = adjtimex(&state)
    // TIME_ERROR is what an unsynchronised clock answers: adjtimex(2).
    return .init(now: Int64(time(nil)), isSynchronised: answer < 0 ? nil : answer != TIME_ERROR)
  }
}
