package import ClusterModel
import Crypto

extension CertificateAuthority {
  /// As it is kept in the replicated store: the key sealed.
  package func record(sealedWith keys: SealingKeyring) throws -> AuthorityRecord {
    AuthorityRecord(
      roots: try trust.roots.map { try $0.der }, links: try trust.links.map { try $0.der },
      sealedKey: try keys.seal(Array(key.rawRepresentation), for: .authorityKey(of: cluster)))
  }

  /// - Throws: what `SealingKeyring.open` throws; `dataLoss` when what is stored makes no authority.
  package init(_ record: AuthorityRecord, cluster: ClusterID, sealedWith keys: SealingKeyring) throws(WarrenError) {
    let trust = try TrustBundle(record)
    let raw = try keys.open(record.sealedKey, for: .authorityKey(of: cluster))
    let key: P256.Signing.PrivateKey
    do { key = try P256.Signing.PrivateKey(rawRepresentation: raw) } catch {
      // Without the cause: it might show what the key is.
      throw WarrenError(.dataLoss, "what is sealed as the authority's key is none; put back a backup of the cluster")
    }
    try self.init(cluster: cluster, trust: trust, key: key)
  }
}

extension TrustBundle {
  package init(_ record: AuthorityRecord) throws(WarrenError) { try self.init(rootsDER: record.roots, linksDER: record.links) }
}
