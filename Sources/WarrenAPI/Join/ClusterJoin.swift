package import ClusterModel
package import ClusterSecurity
import ClusterTLS
package import Crypto
import FoundationEssentials
import GRPCCore
import GRPCNIOTransportHTTP2Posix
import SwiftProtobuf

/// What a machine does once in its life: makes a key, shows a token to a manager that it has verified by that token, and gets a certificate.
package struct ClusterJoin: Sendable {
  /// What it is afterwards.
  package struct Member: Sendable {
    package var credentials: NodeCredentials
    /// For a manager only.
    package var sealingKeys: SealingKeyring?
    package var managers: [Manager]
    /// The one that took it in, as it was dialled.
    package var through: HostPort

    package var cluster: ClusterID { credentials.identity.cluster }
  }

  package struct Manager: Sendable, Hashable {
    package var node: NodeID
    package var apiAddress: String
    package var raftAddress: String
    /// Its number among the members of Raft; 0 for one of a version that had none.
    package var memberID: UInt64

    package init(node: NodeID, apiAddress: String, raftAddress: String, memberID: UInt64 = 0) {
      self.node = node
      self.apiAddress = apiAddress
      self.raftAddress = raftAddress
      self.memberID = memberID
    }

    init(_ wire: Warren_V1_JoinManager) {
      self.init(node: NodeID(wire.nodeID), apiAddress: wire.apiAddress, raftAddress: wire.raftAddress, memberID: wire.memberID)
    }
  }

  private let addresses: [HostPort]
  private let token: JoinSecret
  private let node: ClusterNode
  private let version: String
  private let apiVersions: ClosedRange<UInt32>
  private let now: @Sendable () -> Timestamp
  private let patience: Duration
  private let key: P256.Signing.PrivateKey

  /// - Parameters:
  ///   - addresses: of managers' APIs, `HOST:PORT`; tried in this order.
  ///   - token: 64 hexadecimal characters.
  ///   - node: as it wants to be registered: its id, roles, description, labels and addresses.
  ///   - version: of this warren, for a message.
  ///   - apiVersions: that it speaks.
  ///   - key: the node's own. Kept on disk before it is asked with, since who asks again with the same key, because an answer was lost, gets
  ///     the answer again.
  ///   - patience: with each address, until a manager is found there.
  /// - Throws: `invalidArgument` for a token or address that cannot be one.
  package init(
    _ addresses: [String], token: String, node: ClusterNode, version: String, apiVersions: ClosedRange<UInt32> = APIVersion.spoken,
    key: P256.Signing.PrivateKey = P256.Signing.PrivateKey(), patience: Duration = ManagerTLS.usualPatience, now: @escaping @Sendable () -> Timestamp
  ) throws(WarrenError) {
    if addresses.isEmpty { throw WarrenError(.invalidArgument, "no manager is named; give the address of at least one") }
    var parsed: [HostPort] = []
    for address in addresses { parsed.append(try HostPort(manager: address)) }
    self.addresses = parsed
    self.token = try JoinSecret(token)
    self.node = node
    self.version = version
    self.apiVersions = apiVersions
    self.now = now
    self.patience = patience
    self.key = key
  }

  /// May be called again when it failed: the key stays the same, so that an answer that was lost is given again.
  /// - Throws: what a manager answered; or, when none answered, one text with a line for each address.
  package func run() async throws -> Member {
    var failures: [String] = []
    var isRefused = false
    for address in addresses {
      do throws(ManagerDial.Failure) { return try member(try await join(at: address), address) } catch {
        switch error {
        // Refused for what was asked for, not for where: another manager would say the same.
        case .answered(let error) where error.code != .unavailable && error.code != .internalError: throw error
        case .answered(let error), .silent(let error):
          if error.code == .unauthenticated { isRefused = true }
          failures.append("\(address): \(error.message)")
        }
      }
    }
    throw WarrenError(
      isRefused ? .unauthenticated : .unavailable, "no manager takes in node \(node.id); \(failures.joined(separator: " | "))")
  }

  private func join(at address: HostPort) async throws(ManagerDial.Failure) -> Warren_V1_JoinClusterResponse {
    let request: Warren_V1_JoinClusterRequest
    do {
      let der = try CertificateRequest.make(for: node.id, key: key)
      request = .with {
        $0.token = token.text
        $0.certificateRequest = Data(der)
        $0.node = node.wire
        $0.sentAt = now().wire
        $0.apiVersion = apiVersions.upperBound
        $0.oldestApiVersion = apiVersions.lowerBound
      }
    } catch { throw .silent(WarrenError(.internalError, "the certificate request cannot be made", cause: error)) }
    return try await ManagerDial(address, tls: ManagerTLS(joiningWith: token, patience: patience, now: now), timeout: patience * 6).call {
      client, options in
      try await Warren_V1_WarrenAPI.Client(wrapping: client).joinCluster(request, options: options)
    }
  }

  private func member(_ answer: Warren_V1_JoinClusterResponse, _ address: HostPort) throws(ManagerDial.Failure) -> Member {
    do throws(WarrenError) { return try checked(answer, address) } catch { throw .answered(error) }
  }

  private func checked(_ answer: Warren_V1_JoinClusterResponse, _ address: HostPort) throws(WarrenError) -> Member {
    guard !answer.issued.chain.isEmpty else {
      throw WarrenError(
        .failedPrecondition, "the manager is of version \(answer.version), this is \(version); install the same version here and there")
    }
    let credentials = try NodeCredentials(answer.issued, key: key)
    let identity = credentials.identity
    guard identity.node == node.id, (identity.role == .manager) == node.roles.contains(.manager), credentials.trust.pins.contains(token.pin) else {
      throw WarrenError(.dataLoss, "the manager answered with a certificate for \(identity), which was not asked for; it may be damaged; ask another")
    }
    return Member(
      credentials: credentials, sealingKeys: answer.sealingKeys.isEmpty ? nil : try SealingKeyring(text: answer.sealingKeys),
      managers: answer.managers.map(Manager.init), through: address)
  }
}

extension NodeCredentials {
  /// What a manager issued for this key.
  package init(_ issued: Warren_V1_IssuedCertificate, key: P256.Signing.PrivateKey) throws(WarrenError) {
    let trust = try TrustBundle(rootsDER: issued.roots.map { Array($0) }, linksDER: issued.links.map { Array($0) })
    try self.init(chainDER: issued.chain.map { Array($0) }, key: key, trust: trust)
  }
}
