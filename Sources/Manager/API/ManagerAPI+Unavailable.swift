import ClusterModel
package import GRPCCore
package import WarrenAPI

/// Calls of the API that this version does not serve yet.
extension ManagerAPI {
  private func notAvailable(_ context: ServerContext) -> WarrenError {
    WarrenError(.unimplemented, "\(context.descriptor.method) is not available in this version")
  }

  package func registerNode(request: Warren_V1_RegisterNodeRequest, context: ServerContext) async throws -> Warren_V1_RegisterNodeResponse {
    throw notAvailable(context)
  }
  package func heartbeat(request: Warren_V1_HeartbeatRequest, context: ServerContext) async throws -> Warren_V1_HeartbeatResponse {
    throw notAvailable(context)
  }
  package func updateTaskStatus(
    request: Warren_V1_UpdateTaskStatusRequest, context: ServerContext
  ) async throws -> Warren_V1_UpdateTaskStatusResponse {
    throw notAvailable(context)
  }

  package func createSecret(request: Warren_V1_CreateSecretRequest, context: ServerContext) async throws -> Warren_V1_CreateSecretResponse {
    throw notAvailable(context)
  }
  package func getSecretByName(request: Warren_V1_GetSecretByNameRequest, context: ServerContext) async throws -> Warren_V1_GetSecretByNameResponse {
    throw notAvailable(context)
  }
  package func deleteSecret(request: Warren_V1_DeleteSecretRequest, context: ServerContext) async throws -> Warren_V1_DeleteSecretResponse {
    throw notAvailable(context)
  }
  package func listSecrets(request: Warren_V1_ListSecretsRequest, context: ServerContext) async throws -> Warren_V1_ListSecretsResponse {
    throw notAvailable(context)
  }

  package func createVolume(request: Warren_V1_CreateVolumeRequest, context: ServerContext) async throws -> Warren_V1_CreateVolumeResponse {
    throw notAvailable(context)
  }
  package func getVolumeByName(request: Warren_V1_GetVolumeByNameRequest, context: ServerContext) async throws -> Warren_V1_GetVolumeByNameResponse {
    throw notAvailable(context)
  }
  package func deleteVolume(request: Warren_V1_DeleteVolumeRequest, context: ServerContext) async throws -> Warren_V1_DeleteVolumeResponse {
    throw notAvailable(context)
  }
  package func listVolumes(request: Warren_V1_ListVolumesRequest, context: ServerContext) async throws -> Warren_V1_ListVolumesResponse {
    throw notAvailable(context)
  }
}
