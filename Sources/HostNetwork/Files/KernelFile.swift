import Foundation

/// Files of /proc and /sys, of which Foundation's whole-file calls read the first page only: they stop at the first short read.
package enum KernelFile {
  /// Empty when it cannot be read.
  package static func text(_ path: String) -> String {
    let data = try? FileHandle(forReadingAtPath: path)?.readToEnd()
    return String(decoding: data ?? Data(), as: UTF8.self)
  }
}
