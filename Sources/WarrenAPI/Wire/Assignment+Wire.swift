package import ClusterModel
import SwiftProtobuf

extension Assignment {
  /// In messages of about so many bytes each, in order; the last one says that it is the last.
  package func wire(partBytes limit: Int = 1 << 20) throws -> [Warren_V1_AssignmentPart] {
    let (isComplete, tasks, removed): (Bool, [ClusterTask], [TaskID]) =
      switch self {
      case .complete(let tasks): (true, tasks, [])
      case .change(let updated, let removed): (false, updated, removed)
      }
    var parts: [Warren_V1_AssignmentPart] = []
    var part = Warren_V1_AssignmentPart.with { $0.complete = isComplete }
    var bytes = 0
    func makeRoom(for size: Int) {
      if bytes > 0, bytes + size > limit {
        part.more = true
        parts.append(part)
        part = .with { $0.complete = isComplete }
        bytes = 0
      }
      bytes += size
    }
    for task in tasks {
      let message = task.wire
      makeRoom(for: (try message.serializedBytes() as [UInt8]).count)
      part.updated.append(message)
    }
    for id in removed {
      makeRoom(for: id.rawValue.utf8.count)
      part.removed.append(id.rawValue)
    }
    return parts + [part]
  }
}

/// Puts assignments together again from their parts.
package struct AssignmentAssembly: Sendable {
  private var isComplete: Bool?
  private var tasks: [ClusterTask] = []
  private var removed: [TaskID] = []

  package init() {}

  /// The assignment whose last part this is; nil when there is more to come.
  /// - Throws: `invalidArgument` for a part that does not fit those before it, or a task that this version cannot read.
  package mutating func add(_ part: Warren_V1_AssignmentPart) throws(WarrenError) -> Assignment? {
    if let isComplete, isComplete != part.complete {
      throw WarrenError(.invalidArgument, "the parts of an assignment do not fit together; the manager may be damaged; look at its log")
    }
    isComplete = part.complete
    for task in part.updated { tasks.append(try ClusterTask(wire: task)) }
    removed += part.removed.map { TaskID($0) }
    if part.more { return nil }
    defer { self = AssignmentAssembly() }
    return part.complete ? .complete(tasks) : .change(updated: tasks, removed: removed)
  }
}
