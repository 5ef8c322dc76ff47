import ClusterModel
import ClusterTLS
import Foundation
import Logging
import WarrenAPI
import Worker

/// A worker that joins and holds its session as real ones do, and whose runtime is a word: what it is told to run, it says runs.
struct SimulatedWorker: Sendable {
  let id: NodeID
  let manager: String
  let token: String
  let directory: String

  static func now() -> Timestamp { Timestamp(nanosecondsSinceEpoch: Int64(Date().timeIntervalSince1970 * 1e9)) }

  private var node: ClusterNode {
    let resources = Resources(nanoCPUs: 16_000_000_000, memoryBytes: 64 << 30)
    return ClusterNode(id: id, roles: [.worker], description: NodeDescription(hostname: "\(id)", resources: resources))
  }

  func join() async throws -> ClusterJoin.Member {
    try await ClusterJoin([manager], token: token, node: node, version: "benchmark", now: Self.now).run()
  }

  /// - Parameter ready: when its session is open.
  func run(_ member: ClusterJoin.Member, ready: @Sendable () -> Void) async throws {
    let tls = ManagerTLS(CurrentCredentials(member.credentials), now: Self.now)
    let session = NetworkSession(
      seeds: [manager], journal: try Journal(path: "\(directory)/\(id).db"), logger: Logger(label: "worker") { _ in SwiftLogNoOpLogHandler() }
    ) { try ManagerReach(HostPort(manager: $0)).transport(tls) }
    let assignments = try await session.open(node)
    ready()
    for try await assignment in assignments {
      let tasks =
        switch assignment {
        case .complete(let tasks): tasks
        case .change(let updated, _): updated
        }
      let updates = tasks.compactMap(answer)
      if !updates.isEmpty { try await session.report(id, updates) }
    }
  }

  /// Nil when nothing is to be said.
  private func answer(_ task: ClusterTask) -> TaskStatusUpdate? {
    let wanted: TaskState = task.desiredState == .running ? .running : .shutdown
    guard task.status.state < wanted else { return nil }
    return TaskStatusUpdate(taskID: task.id, status: TaskStatus(state: wanted, attempt: task.status.attempt, since: Self.now()))
  }
}
