import SwiftProtobuf
import WarrenAPI

/// What should be the same on all managers, and is told to a worker that becomes one.
package struct CommonSettings: Sendable {
  /// How long a node may be silent before it counts as down.
  package var nodeDown: Duration
  /// `lan` or `wan`.
  package var raftProfile: String

  package init(nodeDown: Duration, raftProfile: String) {
    self.nodeDown = nodeDown
    self.raftProfile = raftProfile
  }

  var wire: Warren_V1_CommonSettings {
    .with {
      $0.nodeDown = nodeDown.wire
      $0.raftProfile = raftProfile
    }
  }
}
