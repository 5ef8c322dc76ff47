import ClusterModel
import Foundation
import WarrenAPI

/// What an update would do, for `--plan`. Pure: found by making the change to a copy.
struct RolloutPlan {
  private let old: ClusterService
  private let new: ClusterService

  init(of service: ClusterService, to spec: ServiceSpec, force: Bool) {
    old = service
    var changed = service
    changed.spec = spec
    changed.spec.task = service.spec.task
    changed.update(to: spec.task, force: force, at: .epoch)
    new = changed
  }

  func text(tasks: [ClusterTask]) throws -> String {
    var lines = try Self.differences(old.spec, new.spec)
    if lines.isEmpty { lines = ["Nothing of \(old.spec.name) changes."] }
    let replaced = tasks.filter { $0.desiredState == .running && $0.revision != new.revision }.sorted { ($0.slot, $0.id) < ($1.slot, $1.id) }
    if new.revision == old.revision || replaced.isEmpty {
      lines.append("No task would be replaced.")
    } else {
      lines.append(Self.words(for: Set(replaced.map(\.displayName)).count, new))
      for task in replaced {
        lines.append("  \(task.displayName)  \(task.nodeID?.rawValue ?? "-")  revision \(task.revision) → \(new.revision)")
      }
    }
    if let (before, after) = Self.replicas(old, new) {
      lines.append(after > before ? "\(after - before) would be added." : "\(before - after) would be stopped.")
    }
    return lines.map { $0 + "\n" }.joined()
  }

  /// How so many tasks would be replaced.
  private static func words(for slots: Int, _ service: ClusterService) -> String {
    let tasks = slots == 1 ? "1 task" : "\(slots) tasks"
    if service.rollout?.isBlueGreen == true { return "\(tasks) would start beside the old ones, and take over with 'warren service promote':" }
    let (order, reason) = service.spec.order(of: service.spec.update)
    let share = service.rollout?.share(of: slots).map { ", \($0) of them until 'warren service promote'" } ?? ""
    return "\(tasks) would be replaced\(share), \(min(slots, service.spec.update.slotsAtOnce(of: slots))) at a time, "
      + (order == .startFirst ? "start-first" : "stop-first") + (reason.map { " because \($0)" } ?? "") + ":"
  }

  private static func replicas(_ old: ClusterService, _ new: ClusterService) -> (Int, Int)? {
    guard let before = old.spec.mode.replicas, let after = new.spec.mode.replicas, before != after else { return nil }
    return (before, after)
  }

  /// One line for each field of the API's message that differs: `task.container.image: nginx:1 → nginx:2`.
  static func differences(_ old: ServiceSpec, _ new: ServiceSpec) throws -> [String] {
    let (before, after) = (try fields(old), try fields(new))
    return Set(before.keys).union(after.keys).sorted().compactMap { key in
      let (left, right) = (before[key], after[key])
      return left == right ? nil : TextTable.singleLine("\(key): \(left ?? "-") → \(right ?? "-")")
    }
  }

  /// One line for each field that does not have its default: `task.container.image: nginx:1`.
  static func declared(_ spec: ServiceSpec) throws -> [String] {
    let usual = try fields(ServiceSpec(name: "", task: TaskSpec(container: ContainerSpec(image: ""))))
    return try fields(spec).filter { usual[$0.key] != $0.value && $0.key != "name" }.sorted { $0.key < $1.key }.map {
      TextTable.singleLine("\($0.key): \($0.value)")
    }
  }

  private static func fields(_ spec: ServiceSpec) throws -> [String: String] {
    var found: [String: String] = [:]
    func walk(_ value: Any, _ path: String) {
      switch value {
      case let object as [String: Any]: for (key, value) in object { walk(value, path.isEmpty ? key : "\(path).\(key)") }
      // As a whole: an element more would move all that follow.
      case let list as [Any] where !list.contains(where: { $0 is [String: Any] }): found[path] = list.map { "\($0)" }.joined(separator: " ")
      case let list as [Any]: for (index, value) in list.enumerated() { walk(value, "\(path)[\(index)]") }
      default: found[path] = "\(value)"
      }
    }
    walk(try JSONSerialization.jsonObject(with: spec.wire.jsonUTF8Data()), "")
    return found
  }
}
