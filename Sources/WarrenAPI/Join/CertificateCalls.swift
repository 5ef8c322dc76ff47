package import ClusterModel
package import ClusterSecurity
package import ClusterTLS
package import Crypto
import FoundationEssentials
import GRPCCore
import GRPCNIOTransportHTTP2Posix
import SwiftProtobuf

/// What a node asks of managers for its certificate's sake. Each call tries the managers in turn, on a connection of its own, so that it shows
/// what the node has now.
package struct CertificateCalls: Sendable {
  private let tls: ManagerTLS
  private let managers: @Sendable () async -> [String]

  /// - Parameter managers: `HOST:PORT` of those known now.
  package init(
    _ credentials: CurrentCredentials, patience: Duration = ManagerTLS.usualPatience, now: @escaping @Sendable () -> Timestamp,
    managers: @escaping @Sendable () async -> [String]
  ) {
    tls = ManagerTLS(credentials, patience: patience, now: now)
    self.managers = managers
  }

  /// The pin of the authority that signs now; nil when no manager says it, and none's when a manager does not take what the node has: another
  /// certificate may be what is missing.
  package func authority() async -> String? {
    do {
      let answer = try await any { client, options in try await client.getClusterInfo(.init(), options: options).authority }
      return answer.isEmpty ? nil : answer
    } catch let error as WarrenError where error.code == .unauthenticated {
      return ""
    } catch {
      return nil
    }
  }

  /// The nodes of the cluster, for a manager that wants to know where the others are.
  package func nodes() async throws -> [ClusterNode] {
    let answer = try await any { client, options in try await client.listNodes(.init(), options: options) }
    return try answer.nodes.map { try ClusterNode(wire: $0) }
  }

  package struct Renewed: Sendable {
    package var credentials: NodeCredentials
    /// For a manager only, as is what follows.
    package var sealingKeys: SealingKeyring?
    package var managers: [ClusterJoin.Manager]
    /// What the other managers have been told, nil where they do not say it.
    package var nodeDown: Duration?
    package var raftProfile: String?

    package init(
      credentials: NodeCredentials, sealingKeys: SealingKeyring? = nil, managers: [ClusterJoin.Manager], nodeDown: Duration? = nil,
      raftProfile: String? = nil
    ) {
      self.credentials = credentials
      self.sealingKeys = sealingKeys
      self.managers = managers
      self.nodeDown = nodeDown
      self.raftProfile = raftProfile
    }
  }

  /// The next certificate of this node.
  /// - Parameter asNewMember: of a manager whose log is gone, which gets a new number among the members of Raft.
  package func renew(_ request: [UInt8], _ key: P256.Signing.PrivateKey, asNewMember: Bool = false) async throws -> Renewed {
    let message = Warren_V1_RequestCertificateRequest.with {
      $0.certificateRequest = Data(request)
      $0.newMember = asNewMember
    }
    let answer = try await any { client, options in try await client.requestCertificate(message, options: options) }
    let keys = answer.sealingKeys.isEmpty ? nil : try SealingKeyring(text: answer.sealingKeys)
    let settings = answer.settings
    return Renewed(
      credentials: try NodeCredentials(answer.issued, key: key), sealingKeys: keys, managers: answer.managers.map(ClusterJoin.Manager.init),
      nodeDown: settings.hasNodeDown ? Duration(wire: settings.nodeDown) : nil, raftProfile: settings.raftProfile.isEmpty ? nil : settings.raftProfile
    )
  }

  private func any<Result: Sendable>(
    _ body: @Sendable @escaping (Warren_V1_WarrenAPI.Client<HTTP2ClientTransport.Posix>, CallOptions) async throws -> Result
  ) async throws -> Result {
    var failures: [String] = []
    for text in await managers() {
      do {
        let dial = ManagerDial(try HostPort(manager: text), tls: tls, timeout: tls.patience * 6)
        return try await dial.call { client, options in try await body(Warren_V1_WarrenAPI.Client(wrapping: client), options) }
      } catch let failure as ManagerDial.Failure {
        switch failure {
        case .answered(let error) where error.code == .unauthenticated || error.code == .permissionDenied: throw error
        case .answered(let error), .silent(let error): failures.append("\(text): \(error.message)")
        }
      }
    }
    throw WarrenError(.unavailable, "no manager answers; tried \(failures.joined(separator: " | "))")
  }
}
