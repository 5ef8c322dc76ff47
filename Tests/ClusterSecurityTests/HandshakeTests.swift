import ClusterModel
import ClusterSecurity
import Crypto
import Glibc
import NIOCore
import NIOEmbedded
import NIOSSL
import NIOTLS
import Testing
import X509

/// The certificates in real TLS handshakes, with NIOSSL's own verification.
@Suite struct HandshakeTests {
  private final class Ready: ChannelInboundHandler {
    typealias InboundIn = Any
    var isReady = false
    var error: (any Error)?
    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
      if case .handshakeCompleted? = event as? TLSUserEvent { isReady = true }
    }
    func errorCaught(context: ChannelHandlerContext, error: any Error) { self.error = error }
  }

  private func context(_ chain: [Certificate], _ key: P256.Signing.PrivateKey, roots: [Certificate], isServer: Bool) throws -> NIOSSLContext {
    func encoded(_ certificate: Certificate) throws -> NIOSSLCertificate { try NIOSSLCertificate(bytes: certificate.der, format: .der) }
    let sources = try chain.map { NIOSSLCertificateSource.certificate(try encoded($0)) }
    let privateKey = NIOSSLPrivateKeySource.privateKey(try NIOSSLPrivateKey(bytes: Array(key.derRepresentation), format: .der))
    var configuration = TLSConfiguration.makeServerConfiguration(certificateChain: sources, privateKey: privateKey)
    if !isServer {
      configuration = .makeClientConfiguration()
      configuration.certificateChain = sources
      configuration.privateKey = privateKey
    }
    configuration.trustRoots = .certificates(try roots.map(encoded))
    configuration.certificateVerification = isServer ? .noHostnameVerification : .fullVerification
    configuration.minimumTLSVersion = .tlsv13
    return try NIOSSLContext(configuration: configuration)
  }

  /// Whether both sides are content. The time is the machine's: NIOSSL looks at no other.
  private func connects(_ client: (Fixture, NodeIdentity.Role), _ server: (Fixture, NodeIdentity.Role), as node: NodeID = "Edge_1", to name: String)
    throws -> Bool
  {
    let now = Timestamp(seconds: Int64(time(nil)))
    let (clientKey, serverKey) = (P256.Signing.PrivateKey(), P256.Signing.PrivateKey())
    let clientChain = try client.0.authority.issue(client.0.identity(client.1, "c"), for: clientKey.publicKey, now: now)
    let serverChain = try server.0.authority.issue(server.0.identity(server.1, node), for: serverKey.publicKey, now: now)
    let clientContext = try context(clientChain, clientKey, roots: client.0.authority.trust.roots, isServer: false)
    let serverContext = try context(serverChain, serverKey, roots: server.0.authority.trust.roots, isServer: true)
    let (clientEnd, serverEnd) = (Ready(), Ready())
    let (near, far) = (EmbeddedChannel(), EmbeddedChannel())
    try near.pipeline.syncOperations.addHandlers([try NIOSSLClientHandler(context: clientContext, serverHostname: name), clientEnd])
    try far.pipeline.syncOperations.addHandlers([NIOSSLServerHandler(context: serverContext), serverEnd])
    try far.connect(to: try SocketAddress(unixDomainSocketPath: "/far")).wait()
    try near.connect(to: try SocketAddress(unixDomainSocketPath: "/near")).wait()
    var isQuiet = false
    while !isQuiet {
      isQuiet = true
      while let bytes = try? near.readOutbound(as: ByteBuffer.self) {
        isQuiet = false
        _ = try? far.writeInbound(bytes)
      }
      while let bytes = try? far.readOutbound(as: ByteBuffer.self) {
        isQuiet = false
        _ = try? near.writeInbound(bytes)
      }
    }
    let isDone = clientEnd.isReady && serverEnd.isReady && clientEnd.error == nil && serverEnd.error == nil
    for end in [near, far] {
      end.close(promise: nil)
      // Past the wait for the other side's goodbye.
      end.embeddedEventLoop.advanceTime(by: .hours(1))
    }
    return isDone
  }

  private func fixture() throws -> Fixture {
    var fixture = try Fixture()
    fixture.authority = try CertificateAuthority.create(cluster: "c1", now: Timestamp(seconds: Int64(time(nil))))
    return fixture
  }

  @Test func serverIsFoundByNodeAndByRoleWhateverItsAddress() throws {
    let fixture = try fixture()
    for role in [NodeIdentity.Role.worker, .manager, .admin] {
      #expect(try connects((fixture, role), (fixture, .manager), to: NodeIdentity.serverName(of: "Edge_1")))
      #expect(try connects((fixture, role), (fixture, .manager), to: NodeIdentity.serverName(of: .manager)))
    }
    #expect(try !connects((fixture, .worker), (fixture, .worker), to: NodeIdentity.serverName(of: .manager)))
    #expect(try !connects((fixture, .worker), (fixture, .manager), to: NodeIdentity.serverName(of: "edge-2")))
  }

  @Test(arguments: ["edge-1", "edge-1.site", "10.0.0.1", "Edge", "edge", "a_b", "a..b", "a-", String(repeating: "x", count: 63)] as [String])
  func everyNodeHasANameThatTLSTakes(_ node: String) throws {
    let fixture = try fixture()
    #expect(try connects((fixture, .worker), (fixture, .worker), as: NodeID(node), to: NodeIdentity.serverName(of: NodeID(node))))
  }

  @Test func namesDoNotMeet() {
    let names = ["edge", "Edge", "EDGE", "edge_", "edge.", "edge-"].map { NodeIdentity.serverName(of: NodeID($0)) }
    #expect(Set(names).count == names.count)
    #expect(names[0] == "edge.node.warren")
  }

  @Test func authoritiesDoNotMix() throws {
    #expect(try !connects((fixture(), .worker), (fixture(), .manager), to: "manager.warren"))
  }

  @Test func everyPairConnectsDuringARotation() throws {
    let old = try fixture()
    var new = old
    new.authority = try old.authority.rotated(now: Timestamp(seconds: Int64(time(nil))))
    for client in [old, new] {
      for server in [old, new] { #expect(try connects((client, .worker), (server, .manager), to: "manager.warren")) }
    }
  }
}
