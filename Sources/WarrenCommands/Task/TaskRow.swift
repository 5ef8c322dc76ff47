import WarrenAPI

struct TaskRow: ListDisplayable {
  static let header = ["ID", "NAME", "NODE", "STATE", "SINCE", "RESTARTS", "ADDRESS", "MESSAGE"]
  static let emptyText = "No tasks found"

  let task: Warren_V1_Task

  var identifier: String { task.id }
  var cells: [String] {
    let status = task.status
    return [
      task.id, task.displayName, task.nodeID.isEmpty ? "-" : task.nodeID, status.state.word, TimeText.age(of: status.since), "\(status.attempt)",
      status.address.isEmpty ? "-" : status.address, status.explanation,
    ]
  }
}
