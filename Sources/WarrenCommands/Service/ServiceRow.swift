import ClusterModel
import WarrenAPI

struct ServiceRow: ListDisplayable {
  static let header = ["NAME", "REPLICAS", "IMAGE", "ID", "PORTS", "AGE"]
  static let emptyText = "No services found"

  let service: Warren_V1_Service

  var identifier: String { service.id }
  var cells: [String] {
    let ports = service.spec.task.ports.map { PortText.format($0) }.joined(separator: ", ")
    return [
      service.spec.name,
      "\(service.tally.running)/\(service.tally.desired)" + standing,
      service.spec.task.container.image, service.id, ports.isEmpty ? "-" : ports, TimeText.age(of: service.meta.createdAt),
    ]
  }

  private var standing: String {
    if service.deleting { return " (deleting)" }
    if !service.waitingFor.isEmpty { return " (\(service.waitingWords))" }
    return service.spec.isGlobal ? " (global)" : ""
  }
}

extension Warren_V1_Service {
  /// Why it has no tasks yet; empty when it does not wait.
  var waitingWords: String { waitingFor.isEmpty ? "" : "starts after \(waitingFor.joined(separator: ", "))" }
}

extension Warren_V1_ServiceSpec {
  var isGlobal: Bool {
    if case .global = mode { return true }
    return false
  }
}

extension PortText {
  static func format(_ port: Warren_V1_PublishedPort) -> String {
    format(
      PublishedPort(
        hostIP: port.hostIp, hostPort: UInt16(clamping: port.hostPort), containerPort: UInt16(clamping: port.containerPort),
        transport: port.protocol == .udp ? .udp : .tcp))
  }
}
