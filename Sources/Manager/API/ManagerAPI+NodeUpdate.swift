import ClusterModel
package import GRPCCore
import SwiftProtobuf
package import WarrenAPI

extension ManagerAPI {
  /// For so long tasks of a draining node stay until others run in their place, when nobody says how long.
  static let drainGrace = Duration.seconds(300)
  static let longestDrainGrace = Duration.seconds(7 * 86_400)

  /// Needs no request id: done twice, it is the same.
  package func updateNode(request: Warren_V1_UpdateNodeRequest, context: ServerContext) async throws -> Warren_V1_UpdateNodeResponse {
    let availability = try ClusterNode.Availability(requested: request.availability)
    let grace = request.hasDrainGrace ? Duration(wire: request.drainGrace) : Self.drainGrace
    guard grace >= .zero, grace <= Self.longestDrainGrace else {
      throw WarrenError(
        .invalidArgument, "the grace of a drain cannot be \(grace); tasks may stay from 0 seconds to 7 days; leave it out for 5 minutes")
    }
    guard availability == .drain || !request.hasDrainGrace else {
      throw WarrenError(.invalidArgument, "a grace was given for node \(request.id.quoted), which is not to drain; leave it out, or drain the node")
    }
    if let own = try AuthorizedCall.ownNode() {
      guard own.rawValue == request.id, request.labels.isEmpty, request.removedLabels.isEmpty else {
        throw WarrenError(.permissionDenied, "node \(own) may drain itself only, and nothing else; ask as an administrator")
      }
    }
    let deadline = store.now() + grace
    let id = try await store.update { transaction in
      let stored = try transaction.view.findNode(request.id)
      var node = stored
      node.change(to: availability, deadline: deadline)
      for key in request.removedLabels { node.labels[key] = nil }
      node.labels.merge(request.labels) { $1 }
      try LabelRules.validate(node.labels, of: "node")
      if node != stored { try transaction.put(node) }
      return node.id
    }
    let node = try store.view.findNode(id.rawValue)
    return .with { $0.node = node.wire }
  }
}

extension ClusterNode {
  fileprivate mutating func change(to wanted: Availability?, deadline: Timestamp) {
    guard let wanted else { return }
    availability = wanted
    drainDeadline = wanted == .drain ? deadline : nil
  }
}

extension ClusterNode.Availability {
  /// Nil: as it is.
  fileprivate init?(requested: Warren_V1_Availability) throws(WarrenError) {
    switch requested {
    case .unspecified: return nil
    case .active: self = .active
    case .drain: self = .drain
    case .UNRECOGNIZED(let value):
      throw WarrenError(.invalidArgument, "availability \(value) is not known to this manager; its version is older; use active or drain")
    }
  }
}
