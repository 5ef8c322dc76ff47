import ClusterModel
import FoundationEssentials
import NIOCore
import NIOPosix
import NIOSSL
import NIOTLS

/// Finds out why a server's certificate was not accepted: the TLS library says no more than that it was not.
enum CertificateDiagnosis {
  private static let limit = TimeAmount.seconds(5)

  /// - Parameters:
  ///   - url: of the server. It is connected to once more, and nothing is sent to it.
  ///   - name: what the server is called in the words.
  /// - Returns: nil when the certificate's times are not what is wrong, or it cannot be had.
  static func words(for url: String, name: String) async -> String? {
    guard let certificate = try? await certificate(of: url) else { return nil }
    let now = Date.now.timeIntervalSince1970
    let (first, last) = (TimeInterval(certificate.notValidBefore), TimeInterval(certificate.notValidAfter))
    if now > last {
      return "the certificate of the registry \(name) expired at \(text(last)): renew it there, or set this machine's clock (it is \(text(now)))."
    }
    if now < first {
      return "the certificate of the registry \(name) is only valid from \(text(first)) on: set this machine's clock (it is \(text(now)))."
    }
    return nil
  }

  private static func text(_ seconds: TimeInterval) -> String { Date(timeIntervalSince1970: seconds).formatted(.iso8601) }

  private static func certificate(of url: String) async throws -> NIOSSLCertificate? {
    let (host, port) = ProxySettings.split(Substring(RegistryTransport.authority(of: url)), defaultPort: 443)
    var configuration = TLSConfiguration.makeClientConfiguration()
    configuration.certificateVerification = .none
    let context = try NIOSSLContext(configuration: configuration)
    let serverName = ProxyException.bytes(of: host) == nil ? host : nil
    let promise = MultiThreadedEventLoopGroup.singleton.any().makePromise(of: NIOSSLCertificate?.self)
    let channel: any Channel
    do {
      channel = try await ClientBootstrap(group: .singletonMultiThreadedEventLoopGroup).connectTimeout(limit)
        .channelInitializer { channel in
          channel.eventLoop.makeCompletedFuture {
            try channel.pipeline.syncOperations.addHandlers(
              NIOSSLClientHandler(context: context, serverHostname: serverName), Listener(promise: promise))
          }
        }
        .connect(host: host, port: port).get()
    } catch {
      promise.fail(error)
      throw error
    }
    let timeout = channel.eventLoop.scheduleTask(in: limit) { promise.fail(ChannelError.connectTimeout(limit)) }
    defer {
      timeout.cancel()
      channel.close(promise: nil)
    }
    return try await promise.futureResult.get()
  }

  /// Takes the certificate once the connection is made.
  private final class Listener: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    private let promise: EventLoopPromise<NIOSSLCertificate?>

    init(promise: EventLoopPromise<NIOSSLCertificate?>) { self.promise = promise }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
      guard case .handshakeCompleted? = event as? TLSUserEvent else { return }
      promise.completeWith(Result { try context.pipeline.syncOperations.nioSSL_peerCertificate() })
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { promise.fail(error) }
    func channelInactive(context: ChannelHandlerContext) { promise.fail(ChannelError.eof) }
  }
}
