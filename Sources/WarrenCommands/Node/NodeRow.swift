import ClusterModel
import WarrenAPI

struct NodeRow: ListDisplayable {
  static let header = ["ID", "ROLE", "STATUS", "CPU", "MEMORY", "AVAILABILITY", "RUNTIME", "MESSAGE"]
  static let emptyText = "No nodes found"

  let node: Warren_V1_Node

  var identifier: String { node.id }
  var cells: [String] {
    let resources = node.description_p.resources
    let runtime = node.description_p.runtimeVersion
    return [
      node.id, node.roleWords, node.statusWord, CPUCount.text(resources.nanoCpus), ByteCount.text(resources.memoryBytes),
      node.availability == .drain ? "drain" : "active", runtime.isEmpty ? "-" : runtime, node.explanation,
    ]
  }
}

extension Warren_V1_Node {
  /// `degraded`: its worker is there, but its container runtime cannot be used.
  var statusWord: String { state != .ready ? "down" : runtimeProblem.isEmpty ? "ready" : "degraded" }
  /// Why the status is as it is.
  var explanation: String { leaving ? "is being removed" : message.isEmpty ? runtimeProblem : message }

  /// `manager,worker`.
  var roleWords: String { roles.sorted { $0.rawValue < $1.rawValue }.map { $0 == .manager ? "manager" : "worker" }.joined(separator: ",") }
}
