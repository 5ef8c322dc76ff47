import Foundation
import Glibc

/// The cgroups of the containers of one containerd namespace: `/<namespace>/<id>` in each hierarchy.
///
/// The runtime removes them with the container, but not when it was killed before it had written down that it made them, and not when the
/// kernel still called one busy after the fifth try.
struct ContainerCgroups: Sendable {
  let namespace: String
  var root = "/sys/fs/cgroup"

  /// Of everything that has, or had, a cgroup.
  func ids() -> Set<String> { Set(hierarchies().flatMap { Self.folders("\($0)/\(namespace)") }) }

  /// - Parameter killing: whatever runs in it; else only what is empty goes.
  /// - Returns: whether nothing is left.
  func remove(_ id: String, killing: Bool) -> Bool {
    hierarchies().map { Self.remove("\($0)/\(namespace)/\(id)", killing: killing) }.allSatisfy { $0 }
  }

  /// Where cgroups of version 2 are mounted alone, or each of version 1 with, on a hybrid machine, version 2 beside them.
  private func hierarchies() -> [String] {
    if access("\(root)/cgroup.controllers", F_OK) == 0 { return [root] }
    return Self.folders(root).map { "\(root)/\($0)" }
  }

  private static func remove(_ path: String, killing: Bool) -> Bool {
    guard access(path, F_OK) == 0 else { return true }
    for folder in folders(path) { _ = remove("\(path)/\(folder)", killing: killing) }
    if killing { thaw(path) }
    // Of a file of the kernel's, Foundation's whole-file calls read the first page only.
    if killing, let processes = try? FileHandle(forReadingAtPath: "\(path)/cgroup.procs")?.readToEnd() {
      for pid in String(decoding: processes, as: UTF8.self).split(separator: "\n").compactMap({ Int32($0) }) where pid > 1 { kill(pid, SIGKILL) }
    }
    return rmdir(path) == 0 || errno == ENOENT
  }

  /// A runtime freezes a container to signal all of it, and leaves it so when it is killed meanwhile. With cgroups of version 1 no signal ends a
  /// frozen process. https://docs.kernel.org/admin-guide/cgroup-v1/freezer-subsystem.html
  private static func thaw(_ path: String) {
    guard let state = FileHandle(forWritingAtPath: "\(path)/freezer.state") else { return }
    try? state.write(contentsOf: Data("THAWED".utf8))
  }

  private static func folders(_ path: String) -> [String] {
    guard let stream = opendir(path) else { return [] }
    defer { closedir(stream) }
    return sequence(state: stream) { readdir($0) }.compactMap { entry in
      guard entry.pointee.d_type == UInt8(DT_DIR) else { return nil }
      let name = withUnsafeBytes(of: entry.pointee.d_name) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
      return name.hasPrefix(".") ? nil : name
    }
  }
}
