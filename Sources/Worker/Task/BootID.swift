import Foundation

/// Which boot of its machine a process runs in: what ran in another one was ended by the machine, and is not to blame for it.
///
/// Linux names each boot of its kernel (`/proc/sys/kernel/random/boot_id`, random(4)). A machine that is a container, or made of namespaces,
/// is started anew with its first process while the kernel goes on; so the time that one started is part of the name (proc(5), `starttime`).
/// Neither depends on a clock that may have been set.
package struct BootID: RawRepresentable, Hashable, Sendable, Codable {
  /// Of a container whose record does not say it.
  package static let unknown = BootID(rawValue: "")

  package var rawValue: String

  package init(rawValue: String) { self.rawValue = rawValue }

  /// This boot; `unknown` without a `/proc` to read.
  package static func current() -> BootID {
    let read = { (path: String) in (try? String(contentsOfFile: path, encoding: .utf8)) ?? "" }
    return BootID(kernel: read("/proc/sys/kernel/random/boot_id"), firstProcess: read("/proc/1/stat")) ?? unknown
  }

  /// - Parameters:
  ///   - kernel: `/proc/sys/kernel/random/boot_id`.
  ///   - firstProcess: `/proc/1/stat`.
  init?(kernel: String, firstProcess: String) {
    // The second field is the program's name in parentheses and may itself have spaces and parentheses in it.
    guard let end = firstProcess.lastIndex(of: ")") else { return nil }
    let fields = firstProcess[firstProcess.index(after: end)...].split(separator: " ")
    let boot = kernel.trimmingCharacters(in: .whitespacesAndNewlines)
    guard fields.count > 19, !boot.isEmpty else { return nil }
    rawValue = "\(boot)/\(fields[19])"
  }
}
