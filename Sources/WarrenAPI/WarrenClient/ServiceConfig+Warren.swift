import GRPCCore

extension ServiceConfig {
  /// Unary calls end after a while; streams last as long as they last. No call waits for a manager to appear: `WarrenClient.call` does.
  static var warren: ServiceConfig {
    typealias Method = Warren_V1_WarrenAPI.Method
    let streams = [
      Method.ServiceLogs.descriptor, Method.WatchTasks.descriptor, Method.Exec.descriptor, Method.LoadImage.descriptor,
      Method.PullImage.descriptor, Method.StreamEvents.descriptor, Method.BackupCluster.descriptor,
    ]
    return ServiceConfig(methodConfig: [
      MethodConfig(names: [.init(service: "")], waitForReady: false, timeout: .seconds(60)),
      MethodConfig(names: streams.map { .init(service: $0.service.fullyQualifiedService, method: $0.method) }, waitForReady: false),
    ])
  }
}
