import Foundation
import NIOSSL
import TestKit

/// A certificate authority in a directory of its own, for the duration of a test. Needs openssl.
struct TestAuthority {
  let directory: String
  var certificate: String { "\(directory)/ca.pem" }

  struct Failure: Error { let words: String }

  static func with(_ body: (TestAuthority) async throws -> Void) async throws {
    let directory = FileManager.default.temporaryDirectory.appending(path: "warren-ca-\(UUID())").path
    try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: directory) }
    let authority = TestAuthority(directory: directory)
    try authority.openssl(
      "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", "ca.key", "-out", "ca.pem",
      "-days", "10", "-subj", "/CN=test authority")
    try await body(authority)
  }

  /// Makes `name.pem` and `name.key`, for `localhost` and for clients.
  /// - Parameter days: how long it holds; less than 0 for one that has expired.
  func issue(_ name: String, days: Int = 5) throws {
    try "subjectAltName=DNS:localhost\nextendedKeyUsage=serverAuth,clientAuth\n".write(
      toFile: "\(directory)/extensions", atomically: true, encoding: .utf8)
    try openssl(
      "req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", "\(name).key", "-out", "request.pem",
      "-subj", "/CN=\(name)")
    try openssl(
      "x509", "-req", "-in", "request.pem", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-days", "\(days)",
      "-extfile", "extensions", "-out", "\(name).pem")
  }

  /// For a server with the certificate `name`.
  /// - Parameter asksClients: take only clients with a certificate of this authority.
  func server(_ name: String, asksClients: Bool = false) throws -> NIOSSLContext {
    var configuration = TLSConfiguration.makeServerConfiguration(
      certificateChain: try NIOSSLCertificate.fromPEMFile("\(directory)/\(name).pem").map { .certificate($0) },
      privateKey: .privateKey(try NIOSSLPrivateKey(file: "\(directory)/\(name).key", format: .pem)))
    if asksClients {
      configuration.certificateVerification = .noHostnameVerification
      configuration.trustRoots = .file(certificate)
    }
    return try NIOSSLContext(configuration: configuration)
  }

  private func openssl(_ arguments: String...) throws {
    let process = try ChildProcess("/usr/bin/env", ["-C", directory, "openssl"] + arguments, environment: ProcessInfo.processInfo.environment)
    let words = process.errors.readToEnd()
    guard process.wait() == .code(0) else { throw Failure(words: words) }
  }
}
