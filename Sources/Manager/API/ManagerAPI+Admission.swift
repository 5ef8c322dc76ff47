import ClusterModel
import ClusterSecurity
import FoundationEssentials
package import GRPCCore
import SwiftProtobuf
package import WarrenAPI

/// How nodes come into the cluster, and stay in it.
extension ManagerAPI {
  /// The whole of a request to join. Ours have under 2 KiB.
  private static let largestJoinRequest = 64 << 10

  package func generateJoinToken(
    request: Warren_V1_GenerateJoinTokenRequest, context: ServerContext
  ) async throws -> Warren_V1_GenerateJoinTokenResponse {
    guard let role = UInt8(exactly: request.role.rawValue).flatMap(ClusterNode.Role.init(rawValue:)) else {
      throw WarrenError(.invalidArgument, "it is not clear what the token is for; its role is neither worker nor manager; give one of the two")
    }
    let life = request.hasTtl ? Duration(wire: request.ttl) : JoinTokens.defaultLife
    let issue = try await admission().token(for: role, life: life, rotate: request.rotate)
    return .with {
      $0.token = issue.secret.text
      $0.expiresAt = issue.expiresAt.wire
      $0.managerAddress = store.view.node(identity.node)?.apiAddress ?? ""
    }
  }

  package func joinCluster(request: Warren_V1_JoinClusterRequest, context: ServerContext) async throws -> Warren_V1_JoinClusterResponse {
    let size = try (request.serializedBytes() as [UInt8]).count
    if size > Self.largestJoinRequest {
      throw WarrenError(.invalidArgument, "the request to join has \(size) bytes, more than \(Self.largestJoinRequest); give the node fewer labels")
    }
    let node = try ClusterNode(wire: request.node)
    try JoinerCheck(request, of: node).check(by: identity, now: store.now())
    try LabelRules.validate(node.labels, of: "node")
    let view = try await currentView()
    let issued = try await admission().join(token: request.token, request: Array(request.certificateRequest), node: node)
    return try .with {
      $0.issued = try issued.wire
      $0.sealingKeys = issued.sealingKeys?.text ?? ""
      // With the new one among them.
      $0.managers = joinManagers
      $0.clusterID = view.cluster?.id.rawValue ?? ""
      $0.version = identity.version
    }
  }

  package func requestCertificate(
    request: Warren_V1_RequestCertificateRequest, context: ServerContext
  ) async throws -> Warren_V1_RequestCertificateResponse {
    guard let certificate = AuthorizedCall.current?.certificate else {
      throw WarrenError(.unauthenticated, "a certificate is renewed by who shows it; none was shown; connect with the node's certificate")
    }
    _ = try await currentView()
    let issued = try await admission().renew(
      certificate, request: Array(request.certificateRequest), asNewMember: request.newMember)
    return try .with {
      $0.issued = try issued.wire
      $0.sealingKeys = issued.sealingKeys?.text ?? ""
      if issued.sealingKeys != nil {
        $0.managers = joinManagers
        if let common { $0.settings = common.wire }
      }
    }
  }

  package func issueAdminCertificate(
    request: Warren_V1_IssueAdminCertificateRequest, context: ServerContext
  ) async throws -> Warren_V1_IssueAdminCertificateResponse {
    let view = try await currentView()
    let validity = request.hasValidity ? Duration(wire: request.validity) : AdminContext.defaultValidity
    let issued = try await admission().admin(request: Array(request.certificateRequest), validity: validity)
    return try .with {
      $0.issued = try issued.wire
      $0.addresses = view.nodes.filter { $0.roles.contains(.manager) && !$0.apiAddress.isEmpty }.sorted { $0.id < $1.id }.map(\.apiAddress)
    }
  }

  package func revokeCertificate(
    request: Warren_V1_RevokeCertificateRequest, context: ServerContext
  ) async throws -> Warren_V1_RevokeCertificateResponse {
    let end = request.hasExpiresAt ? Timestamp(wire: request.expiresAt) : nil
    try await admission().revoke(serial: request.serial, subject: request.subject, expiresAt: end)
    return .init()
  }

  package func rotateAuthority(
    request: Warren_V1_RotateAuthorityRequest, context: ServerContext
  ) async throws -> Warren_V1_RotateAuthorityResponse {
    if request.begin { try await admission().rotateAuthority() }
    let view = try await currentView()
    let state = try AuthorityRotation.State(view)
    return .with {
      $0.pin = state.pin
      $0.underWay = state.isUnderWay
      $0.waitingFor = state.waitingFor.map(\.rawValue)
    }
  }

  private var joinManagers: [Warren_V1_JoinManager] {
    store.view.nodes.filter { $0.roles.contains(.manager) && !$0.leaving }.sorted { $0.id < $1.id }.map { manager in
      .with {
        $0.nodeID = manager.id.rawValue
        $0.apiAddress = manager.apiAddress
        $0.raftAddress = manager.raftAddress
        $0.memberID = manager.memberID
      }
    }
  }

  private func admission() throws(WarrenError) -> NodeAdmission {
    guard let nodes else {
      throw WarrenError(.failedPrecondition, "this manager takes in no nodes; it was started without keys; see its log")
    }
    return nodes
  }
}

extension NodeAdmission.Issued {
  fileprivate var wire: Warren_V1_IssuedCertificate {
    get throws {
      try .with {
        $0.chain = try chain.map { Data(try $0.der) }
        $0.roots = try trust.roots.map { Data(try $0.der) }
        $0.links = try trust.links.map { Data(try $0.der) }
      }
    }
  }
}
