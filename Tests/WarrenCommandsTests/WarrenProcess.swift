import Foundation
import Synchronization
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

  static func start(_ arguments: [String], environment: [String: String] = [:], output: Pipe, errors: Pipe, input: Any = FileHandle.nullDevice) throws
    -> Process
  {
    let process = Process()
    process.executableURL = try binary
    process.arguments = arguments
    process.environment = ["PATH": "/usr/sbin:/usr/bin:/sbin:/bin"].merging(environment) { $1 }
    process.standardInput = input
    process.standardOutput = output
    process.standardError = errors
    try process.run()
    return process
  }

  static func run(_ arguments: [String], environment: [String: String] = [:]) async throws -> Result {
    let (output, errors) = (Pipe(), Pipe())
    let process = try start(arguments, environment: environment, output: output, errors: errors)
    async let written = text(of: output)
    async let complaints = text(of: errors)
    let (out, err) = await (written, complaints)
    process.waitUntilExit()
    return Result(code: process.terminationStatus, output: out, errors: err)
  }

  private static func text(of pipe: Pipe) async -> String {
    let handle = pipe.fileHandleForReading
    return await withCheckedContinuation { continuation in
      DispatchQueue.global().async { continuation.resume(returning: String(decoding: handle.readDataToEndOfFile(), as: UTF8.self)) }
    }
  }
}

/// A manager without containers on a data directory and socket of its own.
final class ManagerProcess {
  let directory: String
  var socket: String { directory + "/s" }
  let apiAddress = "127.0.0.1:\(unusedPort())"
  let raftAddress = "127.0.0.1:\(unusedPort())"
  private(set) var process: Process
  private(set) var greeting: String
  private var errors: Pipe

  /// Returns once the daemon says that it serves.
  init(
    _ verb: [String] = ["cluster", "init", "--manager-only", "--node-id", "n1", "--metrics-addr", "off"], directory: String? = nil,
    environment: [String: String] = [:]
  ) async throws {
    let directory = try directory ?? temporaryDirectory()
    self.directory = directory
    (process, greeting, errors) = try await Self.launch(verb + ["--api-addr", apiAddress, "--bind-addr", raftAddress], directory, environment)
  }

  private static func launch(_ verb: [String], _ directory: String, _ environment: [String: String] = [:]) async throws -> (Process, String, Pipe) {
    let (output, errors) = (Pipe(), Pipe())
    let place = ["--data-dir", directory + "/data", "--socket", directory + "/s"]
    let process = try WarrenProcess.start(verb + place, environment: environment, output: output, errors: errors)
    let handle = output.fileHandleForReading
    let greeting: String = await withCheckedContinuation { continuation in
      DispatchQueue.global().async {
        var text = ""
        while !text.contains("Next steps") {
          let data = handle.availableData
          if data.isEmpty { break }
          text += String(decoding: data, as: UTF8.self)
        }
        continuation.resume(returning: text)
      }
    }
    return (process, greeting, errors)
  }

  func run(_ arguments: String...) async throws -> WarrenProcess.Result {
    try await WarrenProcess.run(arguments, environment: ["WARREN_SOCKET": socket])
  }

  /// Ends it with a signal; returns its exit code and log.
  func stop(_ signal: Int32 = SIGTERM) -> (code: Int32, log: String) {
    kill(process.processIdentifier, signal)
    return end()
  }

  /// Waits until it has ended by itself; returns its exit code and log.
  func end() -> (code: Int32, log: String) {
    process.waitUntilExit()
    return (process.terminationStatus, String(decoding: errors.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self))
  }

  func restart(_ verb: [String]) async throws { (process, greeting, errors) = try await Self.launch(verb, directory) }

  /// The same without waiting until it serves: for one that may not get there.
  func relaunch(_ verb: [String]) async throws {
    errors = Pipe()
    greeting = ""
    process = try WarrenProcess.start(verb + ["--data-dir", directory + "/data", "--socket", directory + "/s"], output: Pipe(), errors: errors)
  }

  deinit {
    if process.isRunning {
      kill(process.processIdentifier, SIGKILL)
      process.waitUntilExit()
    }
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
