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

  /// Remembers the outcome with the change itself, so that either both are stored or neither.
  mutating func remember(_ method: String, requestID: String, object: String, previousReplicas: Int? = nil) throws {
    if requestID.isEmpty { return }
    var record = RequestRecord(id: Identifier(requestID), method: method, objectID: object)
    record.previousReplicas = previousReplicas
    try put(record)
  }
}
