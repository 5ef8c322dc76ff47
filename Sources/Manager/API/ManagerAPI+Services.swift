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
        return try transaction.service(of: record, id: record.objectID)
      }
      if let other = transaction.view.service(named: spec.name) { throw Self.nameTaken(by: other) }
      let service = ClusterService(id: id, spec: spec)
      try transaction.put(service)
      try transaction.view.refuseStartCycle(of: service)
      try transaction.remember("CreateService", requestID: request.requestID, object: id.rawValue)
      return service
    }
    let view = store.view
    return .with { $0.service = Self.answer(view.service(made.id) ?? made, in: view) }
  }

  package func updateService(request: Warren_V1_UpdateServiceRequest, context: ServerContext) async throws -> Warren_V1_UpdateServiceResponse {
    let change = try ServiceUpdate(request)
    let (changed, previousReplicas) = try await store.update { transaction in
      if let record = try transaction.outcome(of: "UpdateService", requestID: request.requestID) {
        return (try transaction.service(of: record, id: record.objectID), record.previousReplicas)
      }
      let old = try transaction.view.findService(request.id)
      let new = try change.apply(to: old, now: store.now())
      try transaction.put(new)
      try transaction.view.refuseStartCycle(of: new)
      let previousReplicas = old.spec.mode.replicas
      try transaction.remember("UpdateService", requestID: request.requestID, object: old.id.rawValue, previousReplicas: previousReplicas)
      return (new, previousReplicas)
    }
    let view = store.view
    return .with {
      $0.service = Self.answer(view.service(changed.id) ?? changed, in: view)
      if let previousReplicas { $0.previousReplicas = UInt32(clamping: previousReplicas) }
    }
  }

  package func changeRollout(request: Warren_V1_ChangeRolloutRequest, context: ServerContext) async throws -> Warren_V1_ChangeRolloutResponse {
    guard let action = request.action else {
      throw WarrenError(.invalidArgument, "no action is given; it has no default; give one of pause, resume, promote and roll_back_to")
    }
    let changed = try await store.update { transaction in
      if let record = try transaction.outcome(of: "ChangeRollout", requestID: request.requestID) {
        return try transaction.service(of: record, id: record.objectID)
      }
      var service = try transaction.view.findService(request.id)
      try service.requireChangeable()
      switch action {
      case .pause: try service.pauseRollout(because: "paused by hand")
      case .resume: try service.resumeRollout()
      case .promote: try service.promoteRollout(at: store.now())
      case .rollBackTo(let revision): try service.rollBack(to: revision == 0 ? nil : revision, at: store.now())
      }
      try transaction.put(service)
      try transaction.remember("ChangeRollout", requestID: request.requestID, object: service.id.rawValue)
      return service
    }
    let view = store.view
    return .with { $0.service = Self.answer(view.service(changed.id) ?? changed, in: view) }
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
      $0.service = Self.answer(service, in: view)
      $0.tally = $0.service.tally
    }
  }

  package func listServices(request: Warren_V1_ListServicesRequest, context: ServerContext) async throws -> Warren_V1_ListServicesResponse {
    let view = try await currentView()
    // By id: a name may change hands during the listing.
    let (page, next) = try Pager(request.page).page(view.services, by: \.id.rawValue, wire: { Self.answer($0, in: view, isListed: true) })
    return .with {
      $0.services = page
      for service in page { $0.tallies[service.id] = service.tally }
      $0.nextPageToken = next
    }
  }

  /// The service with what is counted of it.
  static func answer(_ service: ClusterService, in view: StoreView, isListed: Bool = false) -> Warren_V1_Service {
    let (running, desired) = view.tally(of: service)
    var answer = service.wire
    // Ten templates each would make a list of services ten times as large.
    if isListed { answer.revisions = [] }
    answer.waitingFor = view.blockers(of: service).map(\.spec.name)
    answer.tally = .with {
      $0.running = UInt32(clamping: running)
      $0.desired = UInt32(clamping: desired)
      $0.updated = UInt32(clamping: view.updated(of: service))
    }
    return answer
  }

  static func nameTaken(by other: ClusterService) -> WarrenError {
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
