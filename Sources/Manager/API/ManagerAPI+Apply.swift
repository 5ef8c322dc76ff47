import ClusterModel
package import GRPCCore
package import WarrenAPI

extension ManagerAPI {
  /// All of the services or none: they are decided on in one transaction.
  package func applyServices(request: Warren_V1_ApplyServicesRequest, context: ServerContext) async throws -> Warren_V1_ApplyServicesResponse {
    let set = try ServiceSet(request, newID: newServiceID)
    if request.dryRun {
      var transaction = StoreTransaction(base: try await currentView())
      let services = try set.apply(to: &transaction, now: store.now())
      return .with { $0.services = services.map { Self.answer($0, in: transaction.view) } }
    }
    let services = try await store.update { transaction in
      if let record = try transaction.outcome(of: "ApplyServices", requestID: request.requestID) {
        return try record.objectID.split(separator: ",").map { try transaction.service(of: record, id: $0) }
      }
      let services = try set.apply(to: &transaction, now: store.now())
      try transaction.remember("ApplyServices", requestID: request.requestID, object: services.map(\.id.rawValue).joined(separator: ","))
      return services
    }
    let view = store.view
    return .with { $0.services = services.map { Self.answer(view.service($0.id) ?? $0, in: view) } }
  }
}
