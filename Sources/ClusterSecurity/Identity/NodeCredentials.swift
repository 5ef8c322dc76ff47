package import ClusterModel
package import Crypto
import FoundationEssentials
import SwiftASN1
package import X509

/// What a node proves who it is with, and whom it believes.
package struct NodeCredentials: Sendable, CustomStringConvertible {
  package let identity: NodeIdentity
  /// To be shown in handshakes: the own certificate first.
  package let chain: [Certificate]
  package let key: P256.Signing.PrivateKey
  package let trust: TrustBundle

  /// - Throws: `dataLoss` when the certificate is not of this key, or names nobody.
  package init(chain: [Certificate], key: P256.Signing.PrivateKey, trust: TrustBundle) throws(WarrenError) {
    guard let leaf = chain.first, leaf.publicKey == Certificate.PublicKey(key.publicKey) else {
      throw WarrenError(.dataLoss, "the certificate is not of the node's key; let the node join again")
    }
    guard let identity = leaf.claimedIdentity else { throw WarrenError(.dataLoss, "the certificate names no node; let the node join again") }
    self.identity = identity
    self.chain = chain
    self.key = key
    self.trust = trust
  }

  /// As a manager sends it.
  /// - Throws: `dataLoss` when there is no certificate in it, or not one of this key.
  package init(chainDER: [[UInt8]], key: P256.Signing.PrivateKey, trust: TrustBundle) throws(WarrenError) {
    let chain: [Certificate]
    do { chain = try chainDER.map { try Certificate(derEncoded: $0) } } catch {
      throw WarrenError(.dataLoss, "the manager answered with a certificate that cannot be read; it may be damaged; ask another")
    }
    try self.init(chain: chain, key: key, trust: trust)
  }

  package var certificate: Certificate { chain[0] }

  /// Never the key.
  package var description: String { "credentials of \(identity), certificate \(certificate.serialText)" }
}

/// One file for all of it, so that a crash cannot leave a certificate with another one's key.
extension NodeCredentials {
  private struct File: Codable {
    var format: Int
    var chain: [String]
    var roots: [String]
    var links: [String]
    /// Base 64.
    var sealedKey: String
  }

  package func file(sealedWith keys: SealingKeyring) throws -> [UInt8] {
    func pem(_ certificates: [Certificate]) throws -> [String] { try certificates.map { try $0.serializeAsPEM().pemString } }
    let sealed = try keys.seal(Array(key.rawRepresentation), for: .nodeKey)
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    return Array(
      try encoder.encode(
        File(
          format: 1, chain: try pem(chain), roots: try pem(trust.roots), links: try pem(trust.links), sealedKey: Data(sealed).base64EncodedString())))
  }

  package init(file bytes: [UInt8], sealedWith keys: SealingKeyring) throws(WarrenError) {
    let file: File
    let certificates: (chain: [Certificate], roots: [Certificate], links: [Certificate])
    let sealed: Data
    do {
      file = try JSONDecoder().decode(File.self, from: Data(bytes))
      certificates = (
        try file.chain.map { try Certificate(pemEncoded: $0) }, try file.roots.map { try Certificate(pemEncoded: $0) },
        try file.links.map { try Certificate(pemEncoded: $0) }
      )
      guard file.format == 1, !certificates.roots.isEmpty, let key = Data(base64Encoded: file.sealedKey) else {
        throw WarrenError(.dataLoss, "incomplete")
      }
      sealed = key
    } catch { throw WarrenError(.dataLoss, "the node's credentials cannot be read; put back a copy of the file, or let the node join again") }
    let raw = try keys.open(Array(sealed), for: .nodeKey)
    guard let key = try? P256.Signing.PrivateKey(rawRepresentation: raw) else {
      throw WarrenError(.dataLoss, "what is sealed as the node's key is none; let the node join again")
    }
    try self.init(chain: certificates.chain, key: key, trust: TrustBundle(roots: certificates.roots, links: certificates.links))
  }
}
