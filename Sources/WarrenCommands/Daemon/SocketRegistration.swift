import ServiceLifecycle

/// Makes the daemon's socket findable by its API address while it runs.
struct SocketRegistration: Service {
  let socket: String
  let address: String

  func run() async throws {
    DaemonSocket.register(socket, address: address)
    try? await gracefulShutdown()
    DaemonSocket.unregister(address: address)
  }
}
