import WarrenAPI

/// What is still on a node that drains, folded from the task watch. Pure: told about changes, asked for words.
struct DrainProgress {
  let node: String
  private(set) var isSynced = false
  private(set) var most = 0
  private var here: [String: Warren_V1_Task] = [:]
  /// Tasks without a place: some of them may be what those here wait for.
  private var waiting: [String: Warren_V1_Task] = [:]

  init(node: String) { self.node = node }

  mutating func apply(_ change: Warren_V1_WatchTasksResponse) {
    let task = change.task
    switch change.kind {
    case .synced: isSynced = true
    case .removed: (here[task.id], waiting[task.id]) = (nil, nil)
    case .updated:
      let isPending = task.status.state == .pending
      here[task.id] = task.nodeID == node && !isPending && !task.status.state.isTerminal ? task : nil
      waiting[task.id] = isPending ? task : nil
      most = max(most, here.count)
    default: break
    }
  }

  var left: Int { here.count }
  var isDone: Bool { isSynced && here.isEmpty }

  /// Why it is not over yet: what is to take the place of a task here finds none itself.
  var reasons: [String] {
    let slots = Set(here.values.map(\.displayName))
    return waiting.values.filter { slots.contains($0.displayName) }.sorted { $0.displayName < $1.displayName }.map {
      "\($0.displayName) \($0.status.words)"
    }
  }
}
