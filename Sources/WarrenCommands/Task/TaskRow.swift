import WarrenAPI

struct TaskRow: ListDisplayable {
  static let header = ["ID", "NAME", "NODE", "STATE", "SINCE", "RESTARTS", "ADDRESS", "MESSAGE"]
  static let emptyText = "No tasks found"

  let task: Warren_V1_Task
  /// Why its node's container runtime cannot be used now; empty when it can.
  var runtimeProblem = ""

  var identifier: String { task.id }
  var cells: [String] {
    let status = task.status
    return [
      task.id, task.displayName, task.nodeID.isEmpty ? "-" : task.nodeID, status.stateWords, TimeText.age(of: status.since), "\(status.attempt)",
      status.address.isEmpty ? "-" : status.address, explanation,
    ]
  }

  /// What waits for the runtime has nothing else to say.
  private var explanation: String {
    let words = task.status.explanation
    return words.isEmpty && !task.status.state.isTerminal && task.status.state != .running ? runtimeProblem : words
  }

  static func rows(_ tasks: [Warren_V1_Task], nodes: [Warren_V1_Node]) -> [TaskRow] {
    let problems = Dictionary(nodes.map { ($0.id, $0.runtimeProblem) }) { first, _ in first }
    return tasks.map { TaskRow(task: $0, runtimeProblem: problems[$0.nodeID] ?? "") }
  }
}
