import ClusterModel
import ClusterSecurity
import Crypto
import Glibc
import X509

/// A cluster with its authority, at a fixed time.
struct Fixture {
  static let now = Timestamp(seconds: 1_800_000_000)
  static let day = Duration.seconds(86_400)

  let cluster: ClusterID
  var authority: CertificateAuthority

  init(_ cluster: ClusterID = "c1") throws {
    self.cluster = cluster
    authority = try CertificateAuthority.create(cluster: cluster, now: Self.now + Self.day * -365)
  }

  var verifier: CertificateVerifier { CertificateVerifier(cluster: cluster, roots: authority.trust.roots) }

  func identity(_ role: NodeIdentity.Role, _ node: NodeID = "n1") throws -> NodeIdentity {
    try NodeIdentity(cluster: cluster, node: node, role: role)
  }

  /// The chain as it goes over the wire.
  func issue(
    _ role: NodeIdentity.Role, _ node: NodeID = "n1", key: P256.Signing.PrivateKey = .init(), now: Timestamp = now,
    validity: Duration = CertificateAuthority.nodeValidity
  ) throws -> [[UInt8]] {
    try authority.issue(identity(role, node), for: key.publicKey, now: now, validity: validity).map { try $0.der }
  }

  func verified(
    _ role: NodeIdentity.Role, _ node: NodeID = "n1", key: P256.Signing.PrivateKey = .init(), issued: Timestamp = now, now: Timestamp = now,
    grace: Duration = .zero
  ) async throws -> VerifiedCertificate {
    try await verifier.verify(issue(role, node, key: key, now: issued), as: .client, now: now, grace: grace)
  }

  static func fingerprint(of key: P256.Signing.PrivateKey) -> String { Certificate.fingerprint(of: Certificate.PublicKey(key.publicKey)) }

  static func node(_ id: NodeID, _ roles: Set<ClusterNode.Role>, keys: [String]) -> ClusterNode {
    var node = ClusterNode(id: id, roles: roles, description: NodeDescription(hostname: "h"))
    node.keys = keys
    return node
  }
}

/// A directory that is gone when the closure is.
func withScratch(_ body: (String) async throws -> Void) async throws {
  var template = Array("/tmp/warren-security-XXXXXX".utf8CString)
  let made = template.withUnsafeMutableBufferPointer { $0.baseAddress.flatMap { mkdtemp($0) } != nil }
  let path = String(decoding: template.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
  guard made else { throw WarrenError(.internalError, "no scratch directory") }
  defer {
    for name in ["security/sealing-keys", "security/identity", "file", "file.new"] { unlink("\(path)/\(name)") }
    rmdir("\(path)/security")
    rmdir(path)
  }
  try await body(path)
}

func mode(_ path: String) -> UInt32 {
  var info = stat()
  return stat(path, &info) == 0 ? info.st_mode & 0o777 : 0
}
