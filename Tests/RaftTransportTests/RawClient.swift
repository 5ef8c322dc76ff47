import ClusterModel
import NIOCore
import NIOPosix
import RaftTransport

/// A connection that says what it is told to say.
enum RawClient {
  /// Sends the bytes and then the end, waits until the other side closes too, and returns what it said.
  @discardableResult
  static func send(_ bytes: ByteBuffer, to address: HostPort) async throws -> ByteBuffer {
    let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
      .channelOption(.allowRemoteHalfClosure, value: true)
      .connect(host: address.host, port: address.port) { channel in
        channel.eventLoop.makeCompletedFuture {
          try NIOAsyncChannel<ByteBuffer, ByteBuffer>(
            wrappingChannelSynchronously: channel, configuration: .init(isOutboundHalfClosureEnabled: true))
        }
      }
    return try await channel.executeThenClose { inbound, outbound in
      // It may have closed before all was sent: that is an answer too.
      try? await outbound.write(bytes)
      outbound.finish()
      var answer = ByteBuffer()
      do { for try await part in inbound { answer.writeImmutableBuffer(part) } } catch is IOError {}
      return answer
    }
  }
}
