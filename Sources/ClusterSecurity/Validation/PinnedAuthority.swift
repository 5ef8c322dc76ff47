package import ClusterModel

/// What a machine that wants to join knows of the cluster: the pin in its token. With it, it makes sure that it speaks to a manager of that
/// cluster before it says anything.
package struct PinnedAuthority: Sendable {
  let pin: AuthorityPin

  package init(_ token: JoinSecret) { pin = token.pin }

  /// - Parameter presented: what the other side showed in the handshake, DER.
  /// - Returns: the manager, verified from the authority that the token names.
  /// - Throws: `unauthenticated`, when nothing is to be said to the other side.
  package func manager(_ presented: [[UInt8]], now: Timestamp) async throws(WarrenError) -> VerifiedCertificate {
    do {
      let certificates = try CertificateVerifier.parse(presented)
      guard let root = certificates.first(where: { AuthorityPin($0) == pin && $0.isSelfSigned }) else {
        let shown = certificates.filter(\.isSelfSigned).map { AuthorityPin($0).text }
        throw WarrenError(
          .unauthenticated,
          "this is not the cluster that the token is of; its authority is \(shown.isEmpty ? "not shown" : shown.joined(separator: ", ")), "
            + "the token names \(pin); check the address, and the token with 'warren cluster join-token'")
      }
      guard let claim = certificates.first?.claimedIdentity else { throw CertificateRefusal.notAnIdentity("a manager's was looked for") }
      let verified = try await CertificateVerifier(cluster: claim.cluster, roots: [root]).verify(presented, as: .server, now: now)
      guard verified.identity.role == .manager else {
        throw WarrenError(
          .unauthenticated, "\(verified.identity) answered where a manager was looked for; check the address: only managers take in nodes")
      }
      return verified
    } catch let refusal as CertificateRefusal { throw Self.aboutClocks(refusal) ?? refusal.error } catch let error as WarrenError {
      throw error
    } catch {
      throw WarrenError(.unauthenticated, "the other side cannot be verified; check the address and the token", cause: error)
    }
  }

  /// Who joins has no certificate that could be renewed: it is the clocks, or the manager.
  private static func aboutClocks(_ refusal: CertificateRefusal) -> WarrenError? {
    switch refusal {
    case .notYetValid(let manager, let start, let now):
      WarrenError(
        .unauthenticated,
        "this machine's clock is at least \(ClockDifference.amount(start - now)) behind that of manager \(manager.node): here it is \(now.text), "
          + "and its certificate is valid from \(start.text) on; \(ClockDifference.remedy)")
    case .expired(let manager, let end, let now):
      WarrenError(
        .unauthenticated,
        "the certificate of manager \(manager.node) was valid until \(end.text), and here it is \(now.text): this machine's clock is at least "
          + "\(ClockDifference.amount(now - end)) ahead, or that manager could not renew it; \(ClockDifference.remedy), or through another manager")
    default: nil
    }
  }
}
