import Logging
import NIOCore
import NIOSSL
import NIOTLS
import Raft

/// A connection that this member makes: handshake, then whatever is sent. Used on its event loop only.
final class OutgoingConnection: ChannelInboundHandler {
  typealias InboundIn = ByteBuffer
  typealias OutboundOut = ByteBuffer

  /// How it ended.
  enum Ending {
    /// No handshake was completed. The member may have answered even so.
    case failed(answered: Bool)
    case ended(LossDetector.End)
  }

  struct Callbacks {
    /// The other side takes it.
    var up: () -> Void = {}
    var frame: (Frame) -> Void = { _ in }
    var writable: () -> Void = {}
    /// The other side says that this member was given up.
    var superseded: () -> Void = {}
    /// Once, the last of all.
    var ended: (Ending) -> Void = { _ in }
  }

  private let hello: Hello
  private let security: TransportSecurity
  private let incidents: Incidents
  /// Whatever member it turns out to be: for saying something that concerns them all.
  private let toAnyManager: Bool
  private var callbacks: Callbacks?
  private var reader = FrameReader(limit: FrameLimits.hello)
  private var timer: Scheduled<Void>?
  private var isUp = false
  private var isOver = false
  private var end = LossDetector.End.byPeer
  private(set) var channel: (any Channel)?

  init(
    _ hello: Hello, _ security: TransportSecurity, _ incidents: Incidents, toAnyManager: Bool = false, limit: Duration, loop: any EventLoop,
    _ callbacks: Callbacks
  ) {
    self.toAnyManager = toAnyManager
    self.hello = hello
    self.security = security
    self.incidents = incidents
    self.callbacks = callbacks
    timer = loop.assumeIsolated().scheduleTask(in: TimeAmount(limit)) { self.fail() }
  }

  /// What to do with a TCP connection to the other member.
  func adopt(_ channel: any Channel, _ context: NIOSSLContext?) {
    if isOver { return channel.close(promise: nil) }
    self.channel = channel
    do {
      let pipeline = channel.pipeline.syncOperations
      if let context { try pipeline.addHandler(NIOSSLClientHandler(context: context, serverHostname: nil)) }
      try pipeline.addHandler(self)
    } catch { fail() }
  }

  /// There is no connection, or it must not be any more.
  func fail() { finish(.failed(answered: false)) }

  /// Ends it from this side.
  func close(_ end: LossDetector.End = .here) { finish(isUp ? .ended(end) : .failed(answered: false)) }

  func handlerAdded(context: ChannelHandlerContext) {
    if case .plaintextForTestsOnLoopback = security { greet(context) }
  }

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    if case .handshakeCompleted? = event as? TLSUserEvent {
      guard case .mutualTLS(let certificates) = security, let certificate = try? context.pipeline.syncOperations.nioSSL_peerCertificate(),
        certificates.member(certificate) == hello.to || toAnyManager && certificates.isManager(certificate)
      else {
        incidents.report(.refused, ["peer": "\(hello.to)", "reason": "its certificate is not this member's"])
        return finish(.failed(answered: false))
      }
      greet(context)
    }
    context.fireUserInboundEventTriggered(event)
  }

  private func greet(_ context: ChannelHandlerContext) {
    var buffer = context.channel.allocator.buffer(capacity: 128)
    guard (try? Frame.hello(hello).write(to: &buffer)) != nil else { return fail() }
    context.writeAndFlush(wrapOutboundOut(buffer), promise: nil)
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    reader.add(unwrapInboundIn(data))
    while !isOver {
      do {
        guard let frame = try reader.next() else { return }
        take(frame)
      } catch FrameError.unknown {
        incidents.report(.unknown, ["peer": "\(hello.to)"])
      } catch {
        incidents.report(.garbage, ["peer": "\(hello.to)", "reason": "\(error)"])
        close()
      }
    }
  }

  private func take(_ frame: Frame) {
    if isUp {
      callbacks?.frame(frame)
    } else if case .welcome(let refusal) = frame {
      if let refusal {
        // Who is told that it was given up wants no more of us, which is as it should be.
        if !toAnyManager { incidents.report(.refusedByPeer, ["peer": "\(hello.to)", "reason": "\(refusal)", "purpose": "\(hello.purpose)"]) }
        if refusal == .superseded { callbacks?.superseded() }
        return finish(.failed(answered: true))
      }
      timer?.cancel()
      timer = nil
      isUp = true
      reader.trust()
      callbacks?.up()
    } else {
      incidents.report(.unexpected, ["peer": "\(hello.to)"])
      fail()
    }
  }

  /// Ends it when nothing comes for so long; called anew, it begins anew.
  func expectFrame(within limit: Duration) {
    timer?.cancel()
    timer = channel?.eventLoop.assumeIsolated().scheduleTask(in: TimeAmount(limit)) { self.close(.silence) }
  }

  func channelWritabilityChanged(context: ChannelHandlerContext) {
    if isUp, context.channel.isWritable { callbacks?.writable() }
    context.fireChannelWritabilityChanged()
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    if (error as? IOError)?.isSilence == true { end = .silence }
    if !isUp, let error = error as? NIOSSLError, case .handshakeFailed = error {
      incidents.report(.refused, ["peer": "\(hello.to)", "reason": "\(error)"])
    }
    context.close(promise: nil)
  }

  func channelInactive(context: ChannelHandlerContext) {
    close(end)
    context.fireChannelInactive()
  }

  private func finish(_ ending: Ending) {
    if isOver { return }
    isOver = true
    timer?.cancel()
    timer = nil
    channel?.close(promise: nil)
    let callbacks = callbacks
    self.callbacks = nil
    callbacks?.ended(ending)
  }
}
