import ClusterModel
import GRPCCore
import WarrenAPI

extension WarrenClient {
  func changeRollout(
    _ name: String, _ action: Warren_V1_ChangeRolloutRequest.OneOf_Action, _ options: CallOptions
  ) async throws -> Warren_V1_Service {
    var request = Warren_V1_ChangeRolloutRequest()
    request.id = name
    request.action = action
    request.requestID = RequestRecord.ID.random().rawValue
    return try await call { [request] in try await $0.changeRollout(request, options: options) }.service
  }
}
