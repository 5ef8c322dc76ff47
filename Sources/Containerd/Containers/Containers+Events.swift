import GRPCCore
import Logging
import SwiftProtobuf

extension Containers {
  private static let markTopic = "/warren/subscribed"
  private static let markInterval = Duration.milliseconds(50)

  /// What happens to containers, for as long as the stream is read. Connects again after each loss of containerd, and then begins
  /// with `listed` again.
  package func events() -> AsyncStream<ContainerEvent> {
    let (stream, continuation) = AsyncStream.makeStream(of: ContainerEvent.self)
    let task = Task {
      while !Task.isCancelled {
        do {
          try await subscribe(continuation)
        } catch {
          logger.debug("containerd.events.lost", metadata: ["error": "\(error)"])
        }
        try? await Task.sleep(for: .milliseconds(100))
      }
      continuation.finish()
    }
    continuation.onTermination = { _ in task.cancel() }
    return stream
  }

  /// containerd does not confirm a subscription. So a mark is published until it arrives: from then on nothing is missed, and the
  /// list that follows leaves no gap.
  private func subscribe(_ continuation: AsyncStream<ContainerEvent>.Continuation) async throws {
    let mark = UInt64.random(in: .min ... .max)
    try await withThrowingTaskGroup(of: Void.self) { group in
      let (subscribed, arrival) = AsyncStream.makeStream(of: Void.self)
      group.addTask {
        try await receive(mark: mark) { event in
          if let event { continuation.yield(event) } else { arrival.finish() }
        }
        throw RPCError(code: .unavailable, message: "containerd ended the stream of events")
      }
      group.addTask {
        try await withThrowingTaskGroup(of: Void.self) { marking in
          marking.addTask { for await _ in subscribed {} }
          marking.addTask { try await publish(mark) }
          try await marking.next()
          marking.cancelAll()
        }
        continuation.yield(.listed(try await list()))
      }
      while try await group.next() != nil {}
    }
  }

  /// - Parameter handle: called with nil for this subscription's own mark.
  private func receive(mark: UInt64, _ handle: @escaping @Sendable (ContainerEvent?) -> Void) async throws {
    let namespace = client.namespace
    let request = Containerd_Services_Events_V1_SubscribeRequest.with {
      $0.filters = ["namespace==\"\(namespace)\",topic~=\"^/tasks/\"", "namespace==\"\(namespace)\",topic==\"\(Self.markTopic)\""]
    }
    try await client.call("subscribe to events", timeout: nil) { metadata, options in
      try await client.events.subscribe(request, metadata: metadata, options: options) { response in
        for try await envelope in response.messages {
          if let event = ContainerEvent(envelope) {
            handle(event)
          } else if envelope.topic == Self.markTopic, (try? Google_Protobuf_UInt64Value(serializedBytes: envelope.event.value))?.value == mark {
            handle(nil)
          }
        }
      }
    }
  }

  private func publish(_ mark: UInt64) async throws {
    let payload = try Google_Protobuf_Any(message: Google_Protobuf_UInt64Value(mark))
    while true {
      try await client.call("publish an event") { metadata, options in
        let request = Containerd_Services_Events_V1_PublishRequest.with {
          $0.topic = Self.markTopic
          $0.event = payload
        }
        _ = try await client.events.publish(request, metadata: metadata, options: options)
      }
      try await Task.sleep(for: Self.markInterval)
    }
  }
}
