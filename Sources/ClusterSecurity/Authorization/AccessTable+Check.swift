package import ClusterModel

extension AccessTable {
  /// - Parameter method: as in the proto: `CreateService`.
  /// - Returns: how much of it the caller may have.
  /// - Throws: `permissionDenied` naming the role that is needed and the one there is; `unauthenticated` for strangers, and for those whose
  ///   certificate has run out.
  package static func check(_ method: String, by caller: Caller, now: Timestamp) throws(WarrenError) -> Scope {
    guard let row = rows[method] else { throw WarrenError(.permissionDenied, "\(method) is open to nobody; this is a fault of warren; report it") }
    if case .peer(let peer) = caller, let end = peer.expiredAt, method != "RequestCertificate" {
      throw CertificateRefusal.expired(peer.identity, at: end, now: now).error
    }
    guard let role = caller.role else {
      if row.stranger { return .own }
      throw WarrenError(
        .unauthenticated, "\(method) needs \(roles(row)); \(caller.words); join the cluster, or import a context: warren context import")
    }
    if let scope = row.scope(for: role) { return scope }
    throw WarrenError(.permissionDenied, "\(method) needs \(roles(row)); \(caller.words); \(remedy(row, caller))")
  }

  private static func roles(_ row: Row) -> String {
    let names = NodeIdentity.Role.allCases.filter { row.scope(for: $0) != nil }.map(\.rawValue)
    if names.isEmpty { return "no certificate, but a token" }
    return names.count == 1 ? "the role \(names[0])" : "one of the roles \(names.joined(separator: ", "))"
  }

  private static func remedy(_ row: Row, _ caller: Caller) -> String {
    row.admin != nil ? "call as root on a manager, or with an exported context" : "only nodes themselves call this"
  }
}
