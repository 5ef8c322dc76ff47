package import NIOSSL
package import Raft
package import RaftTransport

extension TestAuthority {
  /// What a member needs to talk to those of the same authority. Certificates name members by `member-ID.raft.test`.
  package func certificates(for member: MemberID) throws -> TransportCertificates {
    let (certificate, key) = try issue(dnsName: "member-\(member).raft.test")
    return TransportCertificates(chain: [certificate], key: key, roots: [try root], member: Self.member(of:))
  }

  package static func member(of certificate: NIOSSLCertificate) -> MemberID? {
    for name in certificate._subjectAlternativeNames() {
      let text = String(decoding: name.contents, as: UTF8.self)
      guard text.hasPrefix("member-"), text.hasSuffix(".raft.test") else { continue }
      return UInt64(text.dropFirst("member-".count).dropLast(".raft.test".count)).map { MemberID(rawValue: $0) }
    }
    return nil
  }
}
