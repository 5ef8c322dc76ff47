import Foundation
import Synchronization
import TestKit
import Testing

/// Runs the built `warren` binary, which lies beside the test bundle.
struct WarrenProcess {
  struct Result {
    let code: Int32
    let output: String
    let errors: String
  }

  static var binary: URL {
    get throws {
      let folders = [Bundle.main.bundleURL, Bundle.main.executableURL?.deletingLastPathComponent()].compactMap { $0 }
      let found = (folders + folders.map { $0.deletingLastPathComponent() }).map { $0.appendingPathComponent("warren") }
        .first { FileManager.default.isExecutableFile(atPath: $0.path) }
      let built = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("../../.build/debug/warren").standardized
      return try #require(found ?? (FileManager.default.isExecutableFile(atPath: built.path) ? built : nil), "the warren binary is not built")
    }
  }

  static func start(_ arguments: [String], environment: [String: String] = [:]) throws -> ChildProcess {
    try ChildProcess(binary.path, arguments, environment: ["PATH": "/usr/sbin:/usr/bin:/sbin:/bin"].merging(environment) { $1 })
  }

  static func run(_ arguments: [String], environment: [String: String] = [:]) async throws -> Result {
    let process = try start(arguments, environment: environment)
    async let output = onOwnThread { process.output.readToEnd() }
    async let errors = onOwnThread { process.errors.readToEnd() }
    let (out, err) = try await (output, errors)
    return Result(code: process.wait().status, output: out, errors: err)
  }
}

/// A manager without containers on a data directory and socket of its own.
final class ManagerProcess {
  let directory: String
  var socket: String { directory + "/s" }
  let apiAddress = "127.0.0.1:\(unusedPort())"
  let raftAddress = "127.0.0.1:\(unusedPort())"
  private(set) var process: ChildProcess
  private(set) var greeting: String

  /// Returns once the daemon says that it serves.
  init(
    _ verb: [String] = ["cluster", "init", "--manager-only", "--node-id", "n1", "--metrics-addr", "off"], directory: String? = nil,
    environment: [String: String] = [:]
  ) async throws {
    let directory = try directory ?? temporaryDirectory()
    self.directory = directory
    (process, greeting) = try await Self.launch(verb + ["--api-addr", apiAddress, "--bind-addr", raftAddress], directory, environment)
  }

  private static func launch(_ verb: [String], _ directory: String, _ environment: [String: String] = [:]) async throws -> (ChildProcess, String) {
    let process = try WarrenProcess.start(verb + place(directory), environment: environment)
    let greeting = try await onOwnThread {
      var text = ""
      while !text.contains("Next steps"), case let bytes = process.output.read(), !bytes.isEmpty { text += String(decoding: bytes, as: UTF8.self) }
      return text
    }
    return (process, greeting)
  }

  private static func place(_ directory: String) -> [String] { ["--data-dir", directory + "/data", "--socket", directory + "/s"] }

  func run(_ arguments: String...) async throws -> WarrenProcess.Result {
    try await WarrenProcess.run(arguments, environment: ["WARREN_SOCKET": socket])
  }

  /// Ends it with a signal; returns its exit code and log.
  func stop(_ signal: Int32 = SIGTERM) -> (code: Int32, log: String) {
    process.send(signal)
    return end()
  }

  /// Waits until it has ended by itself; returns its exit code and log.
  func end() -> (code: Int32, log: String) {
    let log = process.errors.readToEnd()
    return (process.wait().status, log)
  }

  func restart(_ verb: [String]) async throws { (process, greeting) = try await Self.launch(verb, directory) }

  /// The same without waiting until it serves: for one that may not get there.
  func relaunch(_ verb: [String]) throws {
    greeting = ""
    process = try WarrenProcess.start(verb + Self.place(directory))
  }

  deinit {
    if process.isRunning { _ = stop(SIGKILL) }
    try? FileManager.default.removeItem(atPath: directory)
  }
}

private let nextPort = Mutex(Int.random(in: 10000..<30000))

/// One of the loopback's that nobody listens on, below those that the kernel gives to connections. Never the same twice.
func unusedPort() -> Int {
  while true {
    let port = nextPort.withLock { next in
      next = next >= 32000 ? 10000 : next + 1
      return next
    }
    let socket = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    defer { close(socket) }
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = UInt16(port).bigEndian
    address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
    let bound = withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(socket, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) }
    }
    if bound == 0 { return port }
  }
}
