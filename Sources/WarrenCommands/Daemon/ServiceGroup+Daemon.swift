import Logging
import ServiceLifecycle
import UnixSignals

extension ServiceGroup {
  /// A daemon's parts, in the order in which they start; they stop in the opposite one, at a signal, or when the node is something else.
  init(_ services: [any Service], logger: Logger) {
    // Below this level the group prints whole values of services.
    var groupLogger = logger
    groupLogger.logLevel = max(logger.logLevel, .info)
    self.init(
      configuration: .init(
        services: services.map {
          .init(service: $0, successTerminationBehavior: $0 is RoleWatch ? .gracefullyShutdownGroup : .cancelGroup)
        }, gracefulShutdownSignals: [.sigterm, .sigint], logger: groupLogger))
  }
}
