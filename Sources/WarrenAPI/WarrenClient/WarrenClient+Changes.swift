package import ClusterModel

/// The calls that change something: each carries a request id of its own, so that trying again cannot do it twice.
extension WarrenClient {
  package func createService(_ spec: ServiceSpec) async throws -> ClusterService {
    var request = Warren_V1_CreateServiceRequest()
    request.spec = spec.wire
    request.requestID = Self.newRequestID()
    let response = try await call { [request] in try await $0.createService(request) }
    return try ClusterService(wire: response.service)
  }

  /// - Parameter version: the version `spec` was derived from; a different one by now is a conflict. 0 means whatever it is now.
  package func updateService(_ service: String, to spec: ServiceSpec, version: UInt64 = 0) async throws -> ClusterService {
    var request = Warren_V1_UpdateServiceRequest()
    request.id = service
    request.version = version
    request.spec = spec.wire
    request.requestID = Self.newRequestID()
    let response = try await call { [request] in try await $0.updateService(request) }
    return try ClusterService(wire: response.service)
  }

  package func scaleService(_ service: String, to replicas: UInt32) async throws -> (service: ClusterService, previousReplicas: Int) {
    var request = Warren_V1_UpdateServiceRequest()
    request.id = service
    request.replicas = replicas
    request.requestID = Self.newRequestID()
    let response = try await call { [request] in try await $0.updateService(request) }
    return (try ClusterService(wire: response.service), Int(response.previousReplicas))
  }

  package func deleteService(_ service: String) async throws -> ServiceID {
    var request = Warren_V1_DeleteServiceRequest()
    request.id = service
    request.requestID = Self.newRequestID()
    let response = try await call { [request] in try await $0.deleteService(request) }
    return ServiceID(response.id)
  }

  private static func newRequestID() -> String { Identifier<RequestRecord>.random().rawValue }
}
