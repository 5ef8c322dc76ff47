package import ClusterModel
import Crypto
import FoundationEssentials
import SwiftASN1
import X509

/// Everything a person needs to reach a cluster from elsewhere, in one file: where its managers are, whom to believe, and a certificate.
///
/// The file is JSON with PEM in it. Who has it is an administrator of the cluster, until it runs out or is revoked by its serial number.
package struct AdminContext: Sendable, CustomStringConvertible {
  package static let defaultValidity = Duration.seconds(90 * 86_400)
  package static let longestValidity = Duration.seconds(10 * 365 * 86_400)

  /// `HOST:PORT` of managers' APIs.
  package let addresses: [String]
  package let credentials: NodeCredentials

  package var cluster: ClusterID { credentials.identity.cluster }
  /// The name it was exported under; in the certificate, so that managers' logs say who it was.
  package var name: String { credentials.identity.node.rawValue }
  package var serial: String { credentials.certificate.serialText }
  package var expiresAt: Timestamp { Timestamp(credentials.certificate.notValidAfter) }

  /// What makes it count no more: to be put into the cluster (`Cluster.revoking`).
  package var revocation: RevokedCertificate { RevokedCertificate(serial: serial, subject: "\(credentials.identity)", expiresAt: expiresAt) }

  package var description: String { "context \(name) of cluster \(cluster), certificate \(serial)" }

  /// With a new key and certificate.
  /// - Throws: `invalidArgument` for a name that cannot be, no addresses, or a validity that is not from a minute to ten years.
  package static func issue(
    name: String, by authority: CertificateAuthority, addresses: [String], now: Timestamp, validity: Duration = defaultValidity
  ) throws -> AdminContext {
    guard validity >= .seconds(60), validity <= longestValidity else {
      throw WarrenError(.invalidArgument, "a context cannot be valid so long or so short; it is from a minute to ten years; leave it out for 90 days")
    }
    let identity = try NodeIdentity(cluster: authority.cluster, node: NodeID(name), role: .admin)
    let key = P256.Signing.PrivateKey()
    let chain = try authority.issue(identity, for: key.publicKey, now: now, validity: validity)
    return try AdminContext(addresses: addresses, credentials: NodeCredentials(chain: chain, key: key, trust: authority.trust))
  }

  /// - Throws: `invalidArgument` when there are no addresses.
  package init(addresses: [String], credentials: NodeCredentials) throws(WarrenError) {
    guard !addresses.isEmpty, addresses.allSatisfy({ !$0.isEmpty && $0.utf8.count <= 300 }) else {
      throw WarrenError(.invalidArgument, "a context needs the address of a manager; it has none; export it again on a manager")
    }
    self.addresses = addresses
    self.credentials = credentials
  }
}

extension AdminContext {
  private struct File: Codable {
    /// 1.
    var warrenContext: Int
    var name: String
    var cluster: String
    var addresses: [String]
    var roots: [String]
    var links: [String]?
    var certificate: [String]
    var key: String
  }

  /// Holds the key in clear: for a file of mode 0600 (`PrivateFile`).
  package func file() throws -> [UInt8] {
    func pem(_ certificates: [Certificate]) throws -> [String] { try certificates.map { try $0.serializeAsPEM().pemString } }
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    let links = try pem(credentials.trust.links)
    return Array(
      try encoder.encode(
        File(
          warrenContext: 1, name: name, cluster: cluster.rawValue, addresses: addresses, roots: try pem(credentials.trust.roots),
          links: links.isEmpty ? nil : links, certificate: try pem(credentials.chain), key: credentials.key.pemRepresentation)))
  }

  /// What was exported. Its certificate is verified against the roots beside it.
  /// - Throws: `invalidArgument` when it is no context, `unauthenticated` when it has run out; never showing what is in it.
  package static func imported(_ bytes: [UInt8], now: Timestamp) async throws(WarrenError) -> AdminContext {
    let remedy = "export it again on a manager: warren context export"
    let context: AdminContext
    do {
      let file = try JSONDecoder().decode(File.self, from: Data(bytes))
      guard file.warrenContext == 1 else {
        throw WarrenError(.invalidArgument, "the context has format \(file.warrenContext), this warren knows 1; install a newer warren here")
      }
      let trust = TrustBundle(
        roots: try file.roots.map { try Certificate(pemEncoded: $0) }, links: try (file.links ?? []).map { try Certificate(pemEncoded: $0) })
      let credentials = try NodeCredentials(
        chain: try file.certificate.map { try Certificate(pemEncoded: $0) }, key: try P256.Signing.PrivateKey(pemRepresentation: file.key),
        trust: trust)
      guard file.cluster == credentials.identity.cluster.rawValue, file.name == credentials.identity.node.rawValue else {
        throw WarrenError(.invalidArgument, "the context's certificate is of another cluster or name than the file says; \(remedy)")
      }
      context = try AdminContext(addresses: file.addresses, credentials: credentials)
    } catch let error as WarrenError where error.code == .invalidArgument { throw error } catch {
      // Without the cause: it may quote the key.
      throw WarrenError(.invalidArgument, "this is not a context that warren exported, or a damaged one; \(remedy)")
    }
    do {
      let verifier = CertificateVerifier(cluster: context.cluster, roots: context.credentials.trust.roots)
      let verified = try await verifier.verify(try context.credentials.chain.map { try $0.der }, as: .client, now: now)
      guard verified.identity.role == .admin else {
        throw WarrenError(.invalidArgument, "the context's certificate is that of \(verified.identity), not of an administrator; \(remedy)")
      }
    } catch let refusal as CertificateRefusal { throw refusal.error } catch let error as WarrenError { throw error } catch {
      throw WarrenError(.invalidArgument, "the context's certificate cannot be read; \(remedy)")
    }
    return context
  }
}
