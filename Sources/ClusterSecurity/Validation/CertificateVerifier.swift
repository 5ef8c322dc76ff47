package import ClusterModel
import FoundationEssentials
import SwiftASN1
@_spi(FixedExpiryValidationTime) package import X509

/// From what a peer shows in a handshake to who it is: RFC 5280's path validation against the current roots, then what is ours.
///
/// It says nothing about whether the node is still of the cluster: that is `Standing`.
package struct CertificateVerifier: Sendable {
  /// Which side showed the certificate.
  package enum Purpose: Sendable { case client, server }

  /// A node's own, a link and two roots: nobody needs more. All ways through what is sent are tried, and a stranger could send certificates
  /// that all sign one another.
  static let longestChain = 4

  package let cluster: ClusterID
  package let roots: [Certificate]

  package init(cluster: ClusterID, roots: [Certificate]) {
    self.cluster = cluster
    self.roots = roots
  }

  /// - Parameters:
  ///   - presented: DER, the peer's own first.
  ///   - grace: how long ago the certificate may have run out. Only for the one call that renews it.
  package func verify(
    _ presented: [[UInt8]], as purpose: Purpose, now: Timestamp, grace: Duration = .zero
  ) async throws(CertificateRefusal) -> VerifiedCertificate {
    let certificates = try Self.parse(presented)
    guard let leaf = certificates.first else { throw .missing }
    let claim = leaf.claimedIdentity
    let (start, end) = (Timestamp(leaf.notValidBefore), Timestamp(leaf.notValidAfter))
    // Whose certificate it is comes before whether it is old: who showed it cannot be told apart otherwise.
    guard start <= end, let chain = await path(from: leaf, through: certificates.dropFirst(), at: min(max(now, start), end)) else {
      throw .untrusted(claims: claim, issuer: leaf.issuer.description)
    }
    guard let identity = claim else { throw .notAnIdentity("it is \(leaf.subject.description.quoted)") }
    guard identity.cluster == cluster else { throw .foreignCluster(identity, cluster) }
    if case .isCertificateAuthority? = try? leaf.extensions.basicConstraints { throw .notAnIdentity("it is an authority's") }
    guard leaf.serves(purpose) else { throw .wrongPurpose(identity) }
    if now < start { throw .notYetValid(identity, from: start, now: now) }
    if end < now, end + grace < now { throw .expired(identity, at: end, now: now) }
    return VerifiedCertificate(identity: identity, chain: chain, certificate: leaf, expiredAt: end < now ? end : nil)
  }

  static func parse(_ presented: [[UInt8]]) throws(CertificateRefusal) -> [Certificate] {
    guard presented.count <= longestChain else { throw .malformed("\(presented.count) were sent, more than \(longestChain)") }
    var certificates: [Certificate] = []
    for (position, der) in presented.enumerated() {
      guard der.count <= Certificate.largestEncoding else { throw .malformed("number \(position + 1) has \(der.count) bytes") }
      do { certificates.append(try Certificate(derEncoded: der)) } catch { throw .malformed("number \(position + 1) cannot be read") }
    }
    return certificates
  }

  private func path(from leaf: Certificate, through others: ArraySlice<Certificate>, at time: Timestamp) async -> [Certificate]? {
    var verifier = Verifier(rootCertificates: CertificateStore(roots)) { RFC5280Policy(fixedExpiryValidationTime: time.date) }
    guard case .validCertificate(let chain) = await verifier.validate(leaf: leaf, intermediates: CertificateStore(others)) else { return nil }
    return Array(chain)
  }
}

extension Certificate {
  fileprivate func serves(_ purpose: CertificateVerifier.Purpose) -> Bool {
    guard let usages = try? extensions.extendedKeyUsage else { return false }
    return usages.contains(purpose == .client ? .clientAuth : .serverAuth)
  }
}
