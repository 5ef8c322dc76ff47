package import X509

extension Certificate {
  /// Whom the certificate names. A claim until its chain was validated: anyone can make a certificate that says anything.
  package var claimedIdentity: NodeIdentity? {
    guard let names = try? extensions.subjectAlternativeNames else { return nil }
    let uris = names.compactMap { name -> String? in
      guard case .uniformResourceIdentifier(let uri) = name else { return nil }
      return uri
    }
    return uris.count == 1 ? uris.first.flatMap { NodeIdentity(uri: $0) } : nil
  }
}
