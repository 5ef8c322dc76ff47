package import ClusterModel
package import ClusterSecurity
package import GRPCCore

/// Whose call is being served, and how much of it they may have: made by `AccessInterceptor`, there for whatever comes after it.
package struct AuthorizedCall: Sendable {
  /// Of the task that serves the call, from the interceptors behind the access check to the end of the response.
  @TaskLocal package static var current: AuthorizedCall?

  package let method: String
  package let caller: Caller
  package let scope: AccessTable.Scope
  /// The caller's own, also of one whose call another manager passed on. Nil for root and strangers, and for calls that were passed on in
  /// which it is of no use.
  package let certificate: VerifiedCertificate?
  /// The address that the call came from, without its port.
  package let source: String

  /// For handlers: nil when the caller may have everything, else the node whose own the caller may have.
  /// - Throws: for a call that nobody checked.
  package static func ownNode() throws(WarrenError) -> NodeID? {
    guard let call = current else {
      throw WarrenError(.permissionDenied, "nobody checked whose call this is; this is a fault of warren; report it")
    }
    if call.scope == .everything { return nil }
    guard let identity = call.caller.identity else {
      throw WarrenError(.permissionDenied, "\(call.method) is for nodes; the caller is none; this is a fault of warren; report it")
    }
    return identity.node
  }
}

extension AuthorizedCall {
  /// The node whose worker calls.
  /// - Throws: `permissionDenied` when nobody checked whose call it is, or the caller is no node.
  package static func callingNode() throws(WarrenError) -> NodeID {
    if let identity = current?.caller.identity, identity.role != .admin { return identity.node }
    throw WarrenError(.permissionDenied, "a session is for nodes, and the caller is none; start a worker on the machine: warren worker start")
  }
}

/// Passing calls on to the leader.
extension AuthorizedCall {
  /// What names the caller beside a call that this manager passes on. The leader believes it because a manager's certificate says it.
  /// - Parameter manager: this one.
  package func forwarding(by manager: NodeIdentity) throws -> Metadata {
    var metadata = Metadata()
    metadata.addString(try caller.forwardedValue(by: manager), forKey: Caller.forwardedKey)
    // The leader looks at the certificate itself where it is the certificate that counts.
    if method == "RequestCertificate", let certificate {
      for part in certificate.chain { metadata.addBinary(try part.der, forKey: Self.forwardedCertificateKey) }
    }
    return metadata
  }

  static let forwardedCertificateKey = "warren-forwarded-certificate-bin"
}
