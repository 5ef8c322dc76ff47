import ClusterModel
package import GRPCCore
import OCI
import SwiftProtobuf
package import WarrenAPI

extension ManagerAPI {
  package func createService(request: Warren_V1_CreateServiceRequest, context: ServerContext) async throws -> Warren_V1_CreateServiceResponse {
    let spec = try ServiceSpec(wire: request.spec)
    try spec.validate(checkingImage: Self.checkImage)
    let id = newServiceID()
    let made = try await store.update { transaction in
      if let record = try transaction.outcome(of: "CreateService", requestID: request.requestID) {
        return try transaction.view.findService(record.objectID)
      }
      if let other = transaction.view.service(named: spec.name) { throw Self.nameTaken(by: other) }
      let service = ClusterService(id: id, spec: spec)
      try transaction.put(service)
      try transaction.remember("CreateService", requestID: request.requestID, object: id.rawValue)
      return service
    }
    return .with { $0.service = (store.view.service(made.id) ?? made).wire }
  }

  package func updateService(request: Warren_V1_UpdateServiceRequest, context: ServerContext) async throws -> Warren_V1_UpdateServiceResponse {
    let change = try ServiceUpdate(request)
    let (changed, previousReplicas) = try await store.update { transaction in
      if let record = try transaction.outcome(of: "UpdateService", requestID: request.requestID) {
        return (try transaction.view.findService(record.objectID), record.previousReplicas)
      }
      let old = try transaction.view.findService(request.id)
      let new = try change.apply(to: old)
      try transaction.put(new)
      let previousReplicas = old.spec.mode.replicas
      try transaction.remember("UpdateService", requestID: request.requestID, object: old.id.rawValue, previousReplicas: previousReplicas)
      return (new, previousReplicas)
    }
    return .with {
      $0.service = (store.view.service(changed.id) ?? changed).wire
      if let previousReplicas { $0.previousReplicas = UInt32(clamping: previousReplicas) }
    }
  }

  /// Marks the service; the orchestrator removes its tasks, then the service itself.
  package func deleteService(request: Warren_V1_DeleteServiceRequest, context: ServerContext) async throws -> Warren_V1_DeleteServiceResponse {
    let id = try await store.update { transaction in
      if let record = try transaction.outcome(of: "DeleteService", requestID: request.requestID) { return record.objectID }
      var service = try transaction.view.findService(request.id)
      service.deleting = true
      try transaction.put(service)
      try transaction.remember("DeleteService", requestID: request.requestID, object: service.id.rawValue)
      return service.id.rawValue
    }
    return .with { $0.id = id }
  }

  package func getService(request: Warren_V1_GetServiceRequest, context: ServerContext) async throws -> Warren_V1_GetServiceResponse {
    let view = try await currentView()
    let service = try view.findService(request.id)
    return .with {
      $0.service = service.wire
      $0.tally = Self.tally(of: service, in: view)
    }
  }

  package func listServices(request: Warren_V1_ListServicesRequest, context: ServerContext) async throws -> Warren_V1_ListServicesResponse {
    let view = try await currentView()
    // By id: a name may change hands during the listing.
    let (page, next) = try Pager(request.page).page(view.services, by: \.id.rawValue, wire: \.wire)
    return .with {
      $0.services = page
      for service in page.compactMap({ view.service(ServiceID($0.id)) }) {
        $0.tallies[service.id.rawValue] = Self.tally(of: service, in: view)
      }
      $0.nextPageToken = next
    }
  }

  private static func tally(of service: ClusterService, in view: StoreView) -> Warren_V1_ServiceTally {
    let (running, desired) = view.tally(of: service)
    return .with {
      $0.running = UInt32(clamping: running)
      $0.desired = UInt32(clamping: desired)
    }
  }

  private static func nameTaken(by other: ClusterService) -> WarrenError {
    let name = other.spec.name
    if other.deleting {
      return WarrenError(.alreadyExists, "service \(name) still exists; it is being deleted; wait until it is gone, or choose another name")
    }
    return WarrenError(
      .alreadyExists, "service \(name) exists already; names are unique without regard to case; choose another name, or delete it first")
  }

  /// The syntax only: whether the image exists is found out by the worker that pulls it.
  static func checkImage(_ text: String) throws(WarrenError) {
    do { _ = try ImageReference(text) } catch { throw WarrenError(.invalidArgument, error.message) }
  }
}
