import ClusterModel
import WarrenAPI

/// What became of one service.
struct ApplyResult: Sendable {
  private(set) var service: Warren_V1_Service
  let wasNothing: Bool
  private let oldID: String?
  private let oldRollout: Warren_V1_Rollout?

  init(change: ApplyPlan.Change, service: Warren_V1_Service) {
    self.service = service
    wasNothing = change.isNothing
    oldID = change.old?.id.rawValue
    oldRollout = change.old?.rollout?.wire
  }

  /// Whether its tasks are being replaced: by this change, or by one before it that has not come to its end.
  var isRolling: Bool {
    guard oldID != nil, service.hasRollout else { return false }
    return service.rollout.startedAt != oldRollout?.startedAt || oldRollout?.state != .completed
  }

  /// Whether there is nothing to wait for. A rollout that is staged is as far as it goes by itself.
  var isThere: Bool {
    let desired = service.spec.isGlobal ? max(service.tally.desired, 1) : service.spec.replicated.replicas
    let isAtRest = !service.hasRollout || ![.running, .paused].contains(service.rollout.state)
    return wasNothing && isAtRest && service.tally.running == desired
  }

  /// The same, with the service as it is when its rollout has been waited for.
  func followed(by service: Warren_V1_Service) -> ApplyResult {
    var result = self
    result.service = service
    return result
  }

  /// - Parameter isOver: whether what is to be replaced is.
  func line(isOver: Bool) -> String {
    let name = service.spec.name
    if oldID == nil { return "✓ Service created: \(name)" }
    if wasNothing { return "✓ Service unchanged: \(name)" }
    if isRolling, !isOver { return "Update of \(name) has begun" }
    return service.rollout.state == .staged ? "✓ Update staged: \(name)\n\(service.whatNext.dropLast())" : "✓ Service updated: \(name)"
  }
}
