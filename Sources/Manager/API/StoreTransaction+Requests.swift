import ClusterModel

extension StoreTransaction {
  static let longestRequestID = 128

  /// The object an earlier call with this request id made or changed; nil when there was none.
  func outcome(of method: String, requestID: String) throws(WarrenError) -> RequestRecord? {
    if requestID.utf8.count > Self.longestRequestID {
      throw WarrenError(
        .invalidArgument, "the request id has \(requestID.utf8.count) characters; at most \(Self.longestRequestID) are allowed; use a shorter one")
    }
    guard !requestID.isEmpty, let record = view.request(Identifier(requestID)) else { return nil }
    if record.method != method {
      throw WarrenError(
        .invalidArgument, "request id \(requestID.quoted) is taken; a \(record.method) call used it; use a new one for each call")
    }
    return record
  }

  /// The service that the earlier call made or changed.
  /// - Throws: when it has been deleted since; that it does not exist would deny that the call was executed.
  func service(of record: RequestRecord, id: some StringProtocol) throws(WarrenError) -> ClusterService {
    if let service = view.service(ServiceID(String(id))) { return service }
    throw WarrenError(
      .notFound,
      "service \(id) has been deleted; an earlier attempt of this \(record.method) call was executed before that; see: warren service list",
      reason: .deletedSince)
  }

  /// Remembers the outcome with the change itself, so that either both are stored or neither.
  mutating func remember(_ method: String, requestID: String, object: String, previousReplicas: Int? = nil) throws {
    if requestID.isEmpty { return }
    var record = RequestRecord(id: Identifier(requestID), method: method, objectID: object)
    record.previousReplicas = previousReplicas
    try put(record)
  }
}
