import NIOConcurrencyHelpers

/// Tells every listener of the moment that something happened.
final class Broadcast: Sendable {
  private let listeners = NIOLockedValueBox<[AsyncStream<Void>.Continuation]>([])

  func stream() -> AsyncStream<Void> {
    let (stream, continuation) = AsyncStream<Void>.makeStream(bufferingPolicy: .bufferingNewest(1))
    listeners.withLockedValue { $0.append(continuation) }
    return stream
  }

  func send() { for listener in listeners.withLockedValue({ $0 }) { listener.yield() } }
}
