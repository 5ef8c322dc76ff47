import ClusterModel
import Glibc
import NIOConcurrencyHelpers
import NIOCore
import NIOHTTP1
import NIOHTTP2
import NIOPosix

/// A question and its answer over a connection that is there.
struct Exchange: Sendable {
  let question: NetworkProbe.Question
  let server: ServerAddress
  let progress: NIOLockedValueBox<String>

  /// The socket is closed when this returns.
  /// - Throws: `ProbeError`, `CancellationError`, and what NIO throws.
  func run(over socket: CInt, on loop: any EventLoop) async throws -> ProbeOutcome {
    if case .tcp = question {
      close(socket)
      return .success("connection to \(server) taken")
    }
    progress.withLockedValue { $0 = "no answer" }
    let answer = loop.makePromise(of: ProbeOutcome.self)
    // Who has the answer closes the connection, and who closes the connection ends the wait for an answer.
    let closed = ClientBootstrap(group: loop)
      .channelOption(.recvAllocator, value: FixedSizeRecvByteBufferAllocator(capacity: 4096))
      .channelInitializer { channel in
        channel.eventLoop.makeCompletedFuture { try addHandlers(to: channel.pipeline.syncOperations, answer) }
      }
      .withConnectedSocket(socket)
      .flatMap { channel in
        answer.futureResult.whenComplete { _ in channel.close(promise: nil) }
        return channel.closeFuture
      }
    return try await withTaskCancellationHandler {
      do {
        try await closed.get()
        answer.fail(ProbeError("\(server) closed the connection without an answer"))
      } catch {
        answer.fail(error)
      }
      do { return try await answer.futureResult.get() } catch let error as IOError {
        throw ProbeError("\(server) broke the connection off: \(String(cString: strerror(error.errnoCode)))")
      }
    } onCancel: {
      answer.fail(CancellationError())
    }
  }

  private func addHandlers(to pipeline: ChannelPipeline.SynchronousOperations, _ answer: EventLoopPromise<ProbeOutcome>) throws {
    try pipeline.addHandler(AnswerBudget())
    switch question {
    case .tcp: break
    case .http(_, let path):
      try pipeline.addHTTPClientHandlers()
      try pipeline.addHandler(HTTPQuestion(path: path, host: "\(server)", progress: progress, answer: answer))
    case .grpc(_, let service):
      try pipeline.addHandlers([NIOHTTP2Handler(mode: .client), GRPCQuestion(service: service, authority: "\(server)", answer: answer)])
    }
  }
}
