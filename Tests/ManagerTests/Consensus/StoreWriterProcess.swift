import ClusterModel
import Foundation
import Glibc
import TestKit

/// A `warren-bench store-writer` of its own process, and what it has acknowledged.
final class StoreWriterProcess {
  let process: ChildProcess
  private var unfinished: [UInt8] = []
  private(set) var acknowledged: Set<String> = []

  init(dataDirectory: String, prefix: String, environment: [String: String] = [:]) throws {
    process = try ChildProcess(
      BuiltProgram.path("warren-bench"), ["store-writer", "--data-dir", dataDirectory, "--prefix", prefix],
      environment: ProcessInfo.processInfo.environment.merging(environment) { $1 })
  }

  /// Blocks until so many writes are acknowledged in all. False when the process ended before.
  func read(until count: Int) -> Bool {
    while acknowledged.count < count {
      let bytes = process.output.read()
      if bytes.isEmpty { return false }
      unfinished += bytes
      while let end = unfinished.firstIndex(of: UInt8(ascii: "\n")) {
        acknowledged.insert(String(decoding: unfinished[..<end], as: UTF8.self))
        unfinished.removeSubrange(...end)
      }
    }
    return true
  }

  /// Takes in everything that is already acknowledged and not read yet.
  func readAvailable() {
    var count: Int32 = 0
    while ioctl(process.output.descriptor, UInt(FIONREAD), &count) == 0, count > 0, read(until: acknowledged.count + 1) {}
  }

  func killAndReadTheRest() {
    process.send(SIGKILL)
    _ = read(until: .max)
    _ = process.wait()
  }

  /// Blocks until the process has ended by itself; what it said on standard error.
  func waitUntilExit() -> String {
    _ = read(until: .max)
    let words = process.errors.readToEnd()
    _ = process.wait()
    return words
  }
}
