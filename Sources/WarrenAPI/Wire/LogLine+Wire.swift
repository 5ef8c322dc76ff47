package import ClusterModel
import FoundationEssentials

extension LogLine {
  package init(wire: Warren_V1_LogEntry) throws(WarrenError) {
    self.init(
      at: Timestamp(wire: wire.at), stream: try Stream(wire: wire.stream, default: .stdout, field: "LogEntry.stream"), bytes: Array(wire.line))
  }

  /// Without whose line it is.
  package var wire: Warren_V1_LogEntry {
    var message = Warren_V1_LogEntry()
    message.at = at.wire
    message.stream = Warren_V1_LogStream(stream)
    message.line = Data(bytes)
    return message
  }

  /// - Parameter task: whose line it is.
  package func wire(of task: ClusterTask) -> Warren_V1_LogEntry {
    var message = wire
    message.taskID = task.id.rawValue
    message.serviceName = task.serviceName
    message.slot = UInt32(clamping: task.slot)
    message.nodeID = task.nodeID?.rawValue ?? ""
    return message
  }
}
