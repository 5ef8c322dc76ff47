import ArgumentParser
import GRPCCore
import WarrenAPI

/// Completion of names asks the daemon; one that does not answer at once yields none.
extension CompletionKind {
  static var serviceNames: CompletionKind { names { client, call in try await client.allServices(call).map(\.spec.name) } }
  static var nodeNames: CompletionKind { names { client, call in try await client.allNodes(call).map(\.id) } }
  static var taskNames: CompletionKind { names { client, call in try await client.allTasks(service: "", currentOnly: true, call).map(\.id) } }
  static var imageNames: CompletionKind {
    names { client, call in try await client.call { try await $0.listImages(.init(), options: call) }.images.map(\.reference) }
  }

  private static func names(_ fetch: @escaping @Sendable (WarrenClient, CallOptions) async throws -> [String]) -> CompletionKind {
    .custom { arguments, _, prefix in
      guard let options = try? GlobalOptions.parse(CompletionConnection.arguments(arguments) + ["--timeout", "500ms"]) else { return [] }
      let names = try? await options.withClient(patience: .zero) { try await fetch($0, options.callOptions) }
      return (names ?? []).filter { $0.hasPrefix(prefix) }
    }
  }
}
