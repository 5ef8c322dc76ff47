import FoundationEssentials
import Glibc
import Subprocess
import SystemPackage

/// Debian's `docker-registry` on a free loopback port, for the duration of a test. Needs the packages docker-registry and, for passwords, apache2-utils.
package struct TemporaryRegistry: Sendable {
  /// `127.0.0.1:port`
  package let address: String
  package let storage: RegistryStorage

  /// - Parameter login: ask for this user and password.
  package static func with<R: Sendable>(
    login: (user: String, password: String)? = nil, _ body: @Sendable (TemporaryRegistry) async throws -> R
  ) async throws -> R {
    let directory = "\(FileManager.default.temporaryDirectory.path)/warren-registry-\(UInt64.random(in: .min ... .max))"
    try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: directory) }
    var configuration = """
      version: 0.1
      log: { level: error, accesslog: { disabled: true } }
      storage: { filesystem: { rootdirectory: \(directory)/data }, delete: { enabled: true } }
      http: { addr: "127.0.0.1:0" }

      """
    if let login {
      let made = try await run(.name("htpasswd"), arguments: ["-Bbn", login.user, login.password], output: .string(limit: 4096))
      try Data(made.standardOutput.utf8).write(to: URL(filePath: "\(directory)/htpasswd"))
      configuration += "auth: { htpasswd: { realm: warren-test, path: \(directory)/htpasswd } }\n"
    }
    let port = try TemporaryPorts.free(1)[0]
    configuration = configuration.replacing("127.0.0.1:0", with: "127.0.0.1:\(port)")
    try Data(configuration.utf8).write(to: URL(filePath: "\(directory)/config.yml"))
    let registry = TemporaryRegistry(address: "127.0.0.1:\(port)", storage: RegistryStorage(root: "\(directory)/data"))
    let outcome = try await run(
      .name("docker-registry"), arguments: ["serve", "\(directory)/config.yml"], input: .none, output: .discarded, error: .discarded
    ) { execution -> Result<R, any Error> in
      let result: Result<R, any Error>
      do {
        try await registry.waitUntilReady()
        result = .success(try await body(registry))
      } catch { result = .failure(error) }
      try? execution.send(signal: .kill)
      return result
    }
    return try outcome.closureResult.get()
  }

  private func waitUntilReady() async throws {
    let port = UInt16(address.split(separator: ":").last ?? "") ?? 0
    let deadline = ContinuousClock.now + .seconds(10)
    while ContinuousClock.now < deadline {
      let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
      defer { close(descriptor) }
      var target = sockaddr_in(loopback: port)
      let connected = withUnsafePointer(to: &target) { pointer in
        pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0 }
      }
      if connected { return }
      try await Task.sleep(for: .milliseconds(20))
    }
    throw Errno.timedOut
  }
}
