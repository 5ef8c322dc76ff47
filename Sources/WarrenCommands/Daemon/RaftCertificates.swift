import ClusterModel
import ClusterTLS
import Logging
import Manager
import RaftTransport
import ServiceLifecycle

/// Gives the connections between managers each certificate that replaces this one's.
struct RaftCertificates: Service {
  let credentials: CurrentCredentials
  let transport: NetworkTransport
  let book: PeerBook
  let store: ClusterStore
  let logger: Logger

  func run() async throws {
    await cancelWhenGracefulShutdown {
      for await renewed in credentials.replacements() {
        do {
          try await transport.setCertificates(try TransportCertificates(renewed, book: book, store: store))
        } catch {
          logger.error("certificate.not-used", metadata: ["between": "managers", "error": "\(error)"])
        }
      }
    }
  }
}
