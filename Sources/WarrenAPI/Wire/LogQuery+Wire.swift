package import ClusterModel
import SwiftProtobuf

extension LogQuery {
  package init(wire: Warren_V1_LogOperation) {
    self.init(follow: wire.follow, tail: wire.hasTail ? Int(wire.tail) : nil, since: wire.hasSince ? Timestamp(wire: wire.since) : nil)
  }

  package func wire(of task: TaskID) -> Warren_V1_LogOperation {
    .with {
      $0.task = task.rawValue
      $0.follow = follow
      if let tail { $0.tail = UInt32(clamping: tail) }
      if let since { $0.since = since.wire }
    }
  }
}
