import ClusterModel
package import NIOSSL

/// What a hosts.toml or a certificate directory says about the TLS of one server.
package struct RegistryTLS: Hashable, Sendable {
  package struct ClientCertificate: Hashable, Sendable {
    package var certificate: String
    package var key: String
  }

  /// PEM files of authorities to trust besides the system's.
  package var authorities: [String] = []
  package var clients: [ClientCertificate] = []
  package var skipsVerification = false

  package init() {}

  /// Nil where the defaults hold.
  /// - Throws: `WarrenError` naming the file that cannot be read.
  package func configuration() throws -> TLSConfiguration? {
    guard self != RegistryTLS() else { return nil }
    var configuration = TLSConfiguration.makeClientConfiguration()
    if skipsVerification { configuration.certificateVerification = .none }
    configuration.additionalTrustRoots = try authorities.map { path in
      .certificates(try reading(path) { try NIOSSLCertificate.fromPEMFile(path) })
    }
    if let client = clients.first {
      configuration.certificateChain = try reading(client.certificate) { try NIOSSLCertificate.fromPEMFile(client.certificate) }.map {
        .certificate($0)
      }
      configuration.privateKey = .privateKey(try reading(client.key) { try NIOSSLPrivateKey(file: client.key, format: .pem) })
    }
    return configuration
  }

  private func reading<T>(_ path: String, _ body: () throws -> T) throws -> T {
    do { return try body() } catch {
      throw WarrenError(.failedPrecondition, "cannot read the registry certificate or key \(path): make it a readable PEM file.", cause: error)
    }
  }
}
