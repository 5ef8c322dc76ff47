import ChildInput
import ClusterModel
import FoundationEssentials
import Subprocess

/// Credentials as `docker login` leaves them: in `config.json`, or in a helper program that it names.
/// https://docs.docker.com/reference/cli/docker/login/#credential-stores
package struct DockerCredentials: Sendable {
  private struct File: Decodable {
    struct Entry: Decodable {
      var auth: String?
      var username: String?
      var password: String?
      var identitytoken: String?
    }

    var auths: [String: Entry]?
    var credHelpers: [String: String]?
    var credsStore: String?
  }

  private struct HelperAnswer: Decodable {
    var Username: String
    var Secret: String
  }

  private let path: String?
  private let helperPath: String?
  private let helperLimit: Duration

  /// The most that a helper may say.
  private static let mostOutput = 64 << 10

  /// - Parameters:
  ///   - path: of `config.json`; a file that is not there means no credentials.
  ///   - helperLimit: how long a helper program may take: one may wait for a person or for a server.
  package init(path: String?, helperPath: String? = nil, helperLimit: Duration = .seconds(30)) {
    self.path = path
    self.helperPath = helperPath
    self.helperLimit = helperLimit
  }

  /// What is known about `registry` (`docker.io`, `host:port`), or nil.
  /// - Throws: `WarrenError` if the file or the helper is there but does not work.
  package func credential(for registry: String) async throws -> RegistryCredential? {
    guard let path, let data = FileManager.default.contents(atPath: path) else { return nil }
    let file: File
    do { file = try JSONDecoder().decode(File.self, from: data) } catch {
      throw WarrenError(.failedPrecondition, "\(path) is not a Docker configuration: correct or remove it.", cause: error)
    }
    let key = registry == "docker.io" ? "https://index.docker.io/v1/" : registry
    if let helper = file.credHelpers?[registry] ?? file.credHelpers?[key] { return try await ask(helper, for: key) }
    if let entry = Self.entry(in: file.auths ?? [:], for: registry), let credential = try credential(from: entry, registry: registry) {
      return credential
    }
    if let helper = file.credsStore, !helper.isEmpty { return try await ask(helper, for: key) }
    return nil
  }

  /// Keys are hosts, or URLs such as `https://index.docker.io/v1/`.
  private static func entry(in entries: [String: File.Entry], for registry: String) -> File.Entry? {
    let names = registry == "docker.io" ? ["docker.io", "index.docker.io", "registry-1.docker.io"] : [registry]
    let match = entries.first { key, _ in
      let host = (key.firstRange(of: "://").map { key[$0.upperBound...] } ?? Substring(key)).prefix { $0 != "/" }
      return names.contains(String(host))
    }
    return match?.value
  }

  private func credential(from entry: File.Entry, registry: String) throws -> RegistryCredential? {
    if let token = entry.identitytoken, !token.isEmpty { return .identityToken(token) }
    if let user = entry.username, let password = entry.password { return .basic(user: user, password: password) }
    guard let auth = entry.auth, !auth.isEmpty else { return nil }
    let decoded = Data(base64Encoded: auth).map { String(decoding: $0, as: UTF8.self) } ?? ""
    guard let colon = decoded.firstIndex(of: ":") else {
      throw WarrenError(.failedPrecondition, "the entry for \(registry) in \(path ?? "") is damaged: log in again with docker login \(registry).")
    }
    return .basic(user: String(decoded[..<colon]), password: String(decoded[decoded.index(after: colon)...].prefix { $0 != "\0" }))
  }

  /// https://github.com/docker/docker-credential-helpers#development
  private func ask(_ helper: String, for key: String) async throws -> RegistryCredential? {
    guard helper.utf8.allSatisfy({ $0 != UInt8(ascii: "/") && $0 > 0x20 && $0 < 0x7f }), !helper.isEmpty else {
      throw WarrenError(.failedPrecondition, "\(path ?? "") names the credential helper \"\(helper)\", which is not a program's name: correct it.")
    }
    let program = "docker-credential-\(helper)"
    let (output, status) = try await answer(of: program, to: key)
    guard status.isSuccess else {
      if output.contains("credentials not found") { return nil }
      throw WarrenError(.failedPrecondition, "the credential helper \(program) failed for \(key) (\(status)): run it by hand to see why.")
    }
    guard let answer = try? JSONDecoder().decode(HelperAnswer.self, from: Data(output.utf8)) else {
      throw WarrenError(
        .failedPrecondition, "the credential helper \(program) gave an answer for \(key) that is not JSON: run it by hand to see why.")
    }
    return answer.Username == "<token>" ? .identityToken(answer.Secret) : .basic(user: answer.Username, password: answer.Secret)
  }

  private func answer(of program: String, to key: String) async throws -> (output: String, status: TerminationStatus) {
    let environment = helperPath.map { Environment.inherit.updating(["PATH": $0]) } ?? .inherit
    // With all it has started: what goes on in the background would keep its output open.
    var platform = PlatformOptions()
    platform.processGroupID = 0
    platform.teardownSequence = [.send(signal: .kill, toProcessGroup: true, allowedDurationToNextStep: .seconds(1))]
    do {
      return try await withDeadline(helperLimit) { [platform] in
        let result = try await run(
          .name(program), arguments: ["get"], environment: environment, platformOptions: platform, input: ChildInput(key),
          output: .string(limit: Self.mostOutput), error: .discarded)
        return (result.standardOutput, result.terminationStatus)
      }
    } catch is DeadlineExceeded {
      throw WarrenError(
        .deadlineExceeded,
        "the credential helper \(program) did not answer for \(key) within \(helperLimit.components.seconds) s: run it by hand to see why.")
    } catch let error as SubprocessError where error.code == .outputLimitExceeded {
      throw WarrenError(
        .failedPrecondition, "the credential helper \(program) wrote more than \(Self.mostOutput >> 10) KiB for \(key): run it by hand to see why.")
    } catch {
      try Task.checkCancellation()
      throw WarrenError(
        .failedPrecondition, "cannot run the credential helper \(program) for \(key): install it or remove it from \(path ?? "").", cause: error)
    }
  }
}
