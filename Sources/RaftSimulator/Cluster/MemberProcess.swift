import Raft

/// The running process of a member: what a crash takes away as a whole.
///
/// Looks at the core go through `inout`, as reading a property of a stored struct copies all of it: the simulator's speed is at stake.
final class MemberProcess {
  var raft: RawNode
  private(set) var hardState: HardState
  private(set) var softState: SoftState

  init(_ raft: RawNode) {
    self.raft = raft
    hardState = raft.hardState
    softState = raft.softState
  }

  var hasReady: Bool { Self.hasReady(&raft) }
  var log: RaftLog { raft.log }
  var configuration: ConfigurationState { raft.configuration.state }

  /// Brings the states up to date with the core; false when they were.
  func look() -> Bool { Self.look(&raft, &hardState, &softState) }

  private static func hasReady(_ raft: inout RawNode) -> Bool { raft.hasReady }

  private static func look(_ raft: inout RawNode, _ hardState: inout HardState, _ softState: inout SoftState) -> Bool {
    let (newHardState, newSoftState) = (raft.hardState, raft.softState)
    guard newHardState != hardState || newSoftState != softState else { return false }
    (hardState, softState) = (newHardState, newSoftState)
    return true
  }
}
