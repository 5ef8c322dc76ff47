import ClusterModel
import ClusterSecurity
import WarrenAPI

/// What a machine that wants to join could not live with afterwards, seen before anything is stored of it.
struct JoinerCheck {
  private let node: ClusterNode
  private let clock: Timestamp?
  private let oldest: UInt32
  private let newest: UInt32

  init(_ request: Warren_V1_JoinClusterRequest, of node: ClusterNode) {
    self.node = node
    clock = request.hasSentAt ? Timestamp(wire: request.sentAt) : nil
    newest = max(request.apiVersion, 1)
    oldest = max(request.oldestApiVersion, 1)
  }

  /// - Throws: `failedPrecondition`.
  func check(by manager: ManagerAPI.Identity, now: Timestamp) throws(WarrenError) {
    let spoken = APIVersion.spoken
    guard oldest <= spoken.upperBound, newest >= spoken.lowerBound else {
      throw WarrenError(
        .failedPrecondition,
        "node \(node.id) is of warren \(node.description.warrenVersion), which speaks version \(newest) of the API, and manager \(manager.node) of warren "
          + "\(manager.version), which speaks version \(spoken.upperBound); install the same version here and there, then join again")
    }
    guard let clock else { return }
    let difference = ClockDifference(there: clock, here: now)
    guard difference.isBearable else {
      throw WarrenError(
        .failedPrecondition,
        "the clock of node \(node.id) is \(difference.words) that of manager \(manager.node), so certificates would not be valid in time; "
          + ClockDifference.remedy)
    }
  }
}
