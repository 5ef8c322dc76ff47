import GRPCCore
import WarrenAPI

/// A manager as clients here reach it: over its own socket, whatever happens to its machine's network.
struct Manager: Sendable {
  /// Of its machine.
  let name: String
  let client: WarrenClient

  static var options: CallOptions {
    var options = CallOptions.defaults
    options.timeout = .seconds(5)
    return options
  }

  /// All of `next`, page after page.
  static func pages<Item>(_ next: (Warren_V1_Page) async throws -> (items: [Item], token: String)) async throws -> [Item] {
    var page = Warren_V1_Page()
    var items: [Item] = []
    repeat {
      let answer = try await next(page)
      items += answer.items
      page.token = answer.token
    } while !page.token.isEmpty
    return items
  }

  func services() async throws -> [Warren_V1_Service] {
    try await Self.pages { page in
      let answer = try await client.call { try await $0.listServices(.with { $0.page = page }, options: Self.options) }
      return (answer.services, answer.nextPageToken)
    }
  }

  func tasks() async throws -> [Warren_V1_Task] {
    try await Self.pages { page in
      let answer = try await client.call { try await $0.listTasks(.with { $0.page = page }, options: Self.options) }
      return (answer.tasks, answer.nextPageToken)
    }
  }

  func nodes() async throws -> [Warren_V1_Node] {
    try await Self.pages { page in
      let answer = try await client.call { try await $0.listNodes(.with { $0.page = page }, options: Self.options) }
      return (answer.nodes, answer.nextPageToken)
    }
  }

  func info() async throws -> Warren_V1_GetClusterInfoResponse {
    try await client.call { try await $0.getClusterInfo(.init(), options: Self.options) }
  }
}

extension Warren_V1_Service {
  static let marksLabel = "marks"

  /// What its register holds.
  func value(_ register: History.Register) -> [UInt64] {
    if deleting { return [] }
    return switch register {
    case .marks: (spec.labels[Self.marksLabel] ?? "").split(separator: ".").map { UInt64($0) ?? 0 }
    case .replicas: [UInt64(spec.replicated.replicas) + 1]
    }
  }
}
