/// Whether this node is still what it was started as: raised by whoever sees a reason to ask.
final class Doubts: Sendable {
  /// For one reader.
  let raised: AsyncStream<Void>
  private let sink: AsyncStream<Void>.Continuation

  init() { (raised, sink) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1)) }

  func raise() { sink.yield() }
}
