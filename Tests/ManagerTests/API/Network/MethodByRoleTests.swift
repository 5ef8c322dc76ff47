import ClusterModel
import ClusterSecurity
import GRPCCore
import Testing
import WarrenAPI

@testable import Manager

/// Every method of the API, called over TLS in every role.
@Suite(.timeLimit(.minutes(10))) struct MethodByRoleTests {
  private struct Bytes: MessageSerializer, MessageDeserializer {
    func serialize<Target: GRPCContiguousBytes>(_ message: [UInt8]) throws -> Target { Target(message) }
    func deserialize<Source: GRPCContiguousBytes>(_ bytes: Source) throws -> [UInt8] { bytes.withUnsafeBytes { Array($0) } }
  }

  /// What a call with an empty message ends with, as far as it is refused; nil when it was let through.
  private static func refusal(
    _ method: MethodDescriptor, _ client: GRPCClient<some ClientTransport>
  ) async -> (code: RPCError.Code, message: String)? {
    do {
      try await client.bidirectionalStreaming(
        request: StreamingClientRequest { try await $0.write([]) }, descriptor: method, serializer: Bytes(), deserializer: Bytes(),
        options: .defaults
      ) { response in
        if case .failure(let error) = response.accepted { throw error }
      }
      return nil
    } catch let error as RPCError {
      return error.code == .permissionDenied || error.code == .unauthenticated ? (error.code, error.message) : nil
    } catch {
      Issue.record("\(method.method): \(error)")
      return nil
    }
  }

  private static func sessions(_ store: ClusterStore) -> [any RegistrableRPCService] {
    let dispatcher = Dispatcher(store: store, logger: APIFixture.logger)
    return [
      WorkerSessionService(dispatcher: { dispatcher }, workers: ConnectedWorkers(), managers: ManagerListFeed(store: store)) { _ in
        try AuthorizedCall.callingNode()
      }
    ]
  }

  @Test(arguments: [NodeIdentity.Role.admin, .manager, .worker, nil]) func holdsTheTable(_ role: NodeIdentity.Role?) async throws {
    try await NetworkFixture.run(services: Self.sessions) { fixture in
      let credentials = if let role { try await fixture.member(role, "x1") } else { nil as NodeCredentials? }
      let methods = Warren_V1_WarrenAPI.Method.descriptors + Warren_V1_WorkerSessions.Method.descriptors
      #expect(methods.count > 30 && Set(methods.map(\.method)) == Set(AccessTable.rows.keys))
      try await fixture.withClient(credentials) { client in
        for method in methods {
          let row = try #require(AccessTable.rows[method.method])
          let isAllowed = role.map { row.scope(for: $0) != nil } ?? row.stranger
          let refusal = await Self.refusal(method, client)
          if isAllowed {
            #expect(refusal?.message.contains("needs") != true, "\(method.method)")
          } else {
            #expect(refusal?.code == (role == nil ? .unauthenticated : .permissionDenied), "\(method.method)")
            if let role { #expect(refusal?.message.contains("x1 has the role \(role.rawValue)") == true, "\(method.method)") }
          }
          // So that a stranger's failures are forgotten.
          fixture.clock.now = fixture.clock.now + .seconds(10)
        }
      }
    }
  }
}
