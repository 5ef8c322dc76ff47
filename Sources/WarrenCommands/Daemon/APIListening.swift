import ClusterModel
import ClusterSecurity
import ClusterTLS
import GRPCCore
import Logging
import Manager
import ServiceLifecycle

/// A manager's API as others reach it: the port, what it shows there, and whom it believes.
struct APIListening {
  let server: APIServer
  let standing: StandingWatch?

  /// - Throws: when something else listens there.
  init(
    _ configuration: DaemonConfiguration, api: ManagerAPI, store: ClusterStore, credentials: CurrentCredentials,
    services: [any RegistrableRPCService] = [], interceptors: [any ServerInterceptor] = [], logger: Logger
  ) throws {
    let trust = StoredTrust(store)
    var network: APIServer.Network?
    // Without a certificate nobody can be let in; the log says already why there is none.
    if credentials.value != nil {
      let listener = try TCPListener(host: configuration.apiListener.host, port: configuration.apiListener.port)
      network = APIServer.Network(
        listener: listener,
        gate: ConnectionGate(credentials: credentials, now: { .now }, logger: logger) { trust.verifier })
    }
    standing = network.map { StandingWatch(store: store, gate: $0.gate) }
    server = try APIServer(
      api: api, services: services, interceptors: interceptors, socketPath: configuration.socket, network: network, now: { .now }, logger: logger)
  }
}
