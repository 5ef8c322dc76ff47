package import ClusterModel
import ClusterSecurity
package import ClusterTLS
package import GRPCCore
import SwiftProtobuf
import WarrenAPI

/// Passes on to the leader what only it can answer: calls that need the sessions of workers, and what it alone knows of the other managers.
/// Changes and reads are not among them: Raft carries those to the leader.
package struct LeaderForwarding: ServerInterceptor {
  private static let methods: Set<String> = [
    "Session", "Operate", "ServiceLogs", "Exec", "LoadImage", "PullImage", "ListImages", "PruneImages", "GetClusterInfo", "RemoveNode",
    "ChangeNodeRole",
  ]

  private let log: RaftMember
  private let duties: LeaderDuties
  private let book: PeerBook
  private let credentials: CurrentCredentials
  private let now: @Sendable () -> Timestamp

  package init(log: RaftMember, duties: LeaderDuties, book: PeerBook, credentials: CurrentCredentials, now: @escaping @Sendable () -> Timestamp) {
    self.log = log
    self.duties = duties
    self.book = book
    self.credentials = credentials
    self.now = now
  }

  package func intercept<Input: Sendable, Output: Sendable>(
    request: StreamingServerRequest<Input>, context: ServerContext,
    next: @Sendable (StreamingServerRequest<Input>, ServerContext) async throws -> StreamingServerResponse<Output>
  ) async throws -> StreamingServerResponse<Output> {
    guard Self.methods.contains(context.descriptor.method), !ReadConsistency.mayBeStale, let call = AuthorizedCall.current,
      let leader = try await leader(for: call), let own = credentials.value
    else { return try await next(request, context) }
    let metadata = try call.forwarding(by: own.identity)
    let dial = ManagerDial(try HostPort(manager: leader.apiAddress), tls: ManagerTLS(credentials, now: now), timeout: nil)
    return StreamingServerResponse(of: Output.self) { writer in
      try await context.whileConnected {
        try await Self.pass(StreamingServerRequest(metadata: metadata, messages: request.messages), context.descriptor, writer, dial)
      }
    }
  }

  /// Nil when it is this manager.
  /// - Throws: `unavailable` when there is none within the time that a read waits for one.
  private func leader(for call: AuthorizedCall) async throws -> PeerBook.Entry? {
    if duties.activeDispatcher != nil { return nil }
    // Waits for a leader if there is none.
    _ = try await log.readBarrier()
    let overview = log.overview
    if overview.leader == overview.own {
      try await duties.begun()
      return nil
    }
    if case .forwarded = call.caller { throw Self.moved }
    guard let entry = book.entry(of: overview.leader), !entry.apiAddress.isEmpty else { throw Self.moved }
    return entry
  }

  private static let moved = WarrenError(.unavailable, "another manager leads since a moment; nothing was done; try again")

  private static func pass<Input: Sendable, Output: Sendable>(
    _ request: StreamingServerRequest<Input>, _ method: MethodDescriptor, _ writer: RPCWriter<Output>, _ dial: ManagerDial
  ) async throws -> Metadata {
    // A result, whatever it is: what was read from the caller is gone, so nothing is tried twice.
    let outcome: Swift.Result<Metadata, any Error>
    do {
      outcome = try await dial.call { client, options in
        do {
          let metadata = try await client.bidirectionalStreaming(
            request: StreamingClientRequest(metadata: request.metadata) { upstream in
              for try await message in request.messages { try await upstream.write(message) }
            }, descriptor: method, serializer: AnyMessage<Input>(), deserializer: AnyMessage<Output>(), options: options
          ) { response in
            for try await message in response.messages { try await writer.write(message) }
            return Metadata()
          }
          return .success(metadata)
        } catch {
          return .failure(error)
        }
      }
    } catch ManagerDial.Failure.answered(let error) { throw error } catch ManagerDial.Failure.silent(let error) {
      throw WarrenError(.unavailable, "the leader cannot be reached from this manager; \(error.message)")
    }
    do { return try outcome.get() } catch let error as RPCError {
      if error.detail == nil, error.code == .unavailable {
        throw WarrenError(.unavailable, "the connection to the leader was lost in the middle; it may have ended; try again")
      }
      // Only its words: the headers that came with it are of that connection, and would break the caller's.
      throw RPCError(WarrenError(error))
    }
  }
}

/// A message of a type that is not known here, which the interceptors of gRPC see as any value.
private struct AnyMessage<Value: Sendable>: MessageSerializer, MessageDeserializer {
  func serialize<Bytes: GRPCContiguousBytes>(_ value: Value) throws -> Bytes {
    guard let message = value as? any SwiftProtobuf.Message else { throw Self.foreign }
    return Bytes(try message.serializedBytes() as [UInt8])
  }

  func deserialize<Bytes: GRPCContiguousBytes>(_ bytes: Bytes) throws -> Value {
    guard let type = Value.self as? any SwiftProtobuf.Message.Type,
      let value = try type.init(serializedBytes: bytes.withUnsafeBytes { Array($0) }) as? Value
    else { throw Self.foreign }
    return value
  }

  private static var foreign: WarrenError { WarrenError(.internalError, "\(Value.self) is no message; this is a fault of warren; report it") }
}
