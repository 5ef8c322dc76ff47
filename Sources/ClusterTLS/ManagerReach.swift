package import ClusterModel
package import GRPCCore
package import GRPCNIOTransportHTTP2Posix
import NIOConcurrencyHelpers
package import NIOCore

/// The managers that somebody may talk to, any of them, and what became of each attempt.
package final class ManagerReach: Sendable {
  package let addresses: [HostPort]
  private let failures = DialFailures()
  private let found = NIOLockedValueBox<[HostPort: Result<[NIOCore.SocketAddress], WarrenError>]>([:])

  /// - Throws: `invalidArgument` when one of them is not `HOST:PORT`, or there is none.
  package init(_ addresses: [String]) throws(WarrenError) {
    if addresses.isEmpty { throw WarrenError(.invalidArgument, "no manager is named; give the address of at least one") }
    var parsed: [HostPort] = []
    for address in addresses { parsed.append(try HostPort(manager: address)) }
    self.addresses = parsed
  }

  package init(_ address: HostPort) { addresses = [address] }

  /// A transport to the first of them that can be reached, and when that one is lost, to the next. Names are looked up at each attempt.
  /// - Parameter serviceConfig: by default a call does not wait for a manager that cannot be reached.
  package func transport(
    _ tls: ManagerTLS, serviceConfig: ServiceConfig = ServiceConfig(methodConfig: [MethodConfig(names: [.init(service: "")], waitForReady: false)])
  ) throws -> HTTP2ClientTransport.Posix {
    var registry = NameResolverRegistry()
    registry.registerFactory(ReachResolver())
    return try HTTP2ClientTransport.Posix(
      target: ReachTarget(reach: self), transportSecurity: .customSecure,
      config: .defaults { config in
        config.http2.authority = "manager.warren"
        config.connection.flushCoalescing = nil
        config.connection.maxIdleTime = nil
        // A manager that was cut off says nothing: a stream to it would wait for ever.
        config.connection.keepalive = .init(time: .seconds(10), timeout: .seconds(5), allowWithoutCalls: false)
        config.backoff.initial = .milliseconds(50)
        config.backoff.max = .seconds(1)
        tls.secure(&config, failures: failures)
      },
      resolverRegistry: registry, serviceConfig: serviceConfig)
  }

  /// A line for each manager: its address, and why it was not reached.
  package var report: [String] {
    addresses.map { address in
      switch found.withLockedValue({ $0[address] }) {
      case .failure(let error): "\(address): \(error.message)"
      case .success(let targets):
        "\(address): \(targets.lazy.compactMap { self.failures[$0.dialText] }.first?.message ?? "it did not answer; look at its log, then try again")"
      case nil: "\(address): it was not tried"
      }
    }
  }

  /// Why the first of them was not reached, as far as that is known.
  package var reason: WarrenError? {
    switch addresses.first.flatMap({ address in found.withLockedValue { $0[address] } }) {
    case .failure(let error): error
    case .success(let targets): targets.lazy.compactMap { self.failures[$0.dialText] }.first
    case nil: nil
    }
  }

  /// Whether somebody answered who is not believed: to try again is of no use then.
  package var isRefused: Bool { failures.all.values.contains { $0.code == .unauthenticated } }

  /// What the addresses mean now. Of each that means nothing, `report` tells why.
  /// - Throws: when none means anything.
  package func resolve() async throws -> [NIOCore.SocketAddress] {
    var targets: [NIOCore.SocketAddress] = []
    for address in addresses {
      do throws(WarrenError) {
        let these = try await address.resolve()
        found.withLockedValue { $0[address] = .success(these) }
        targets += these
      } catch {
        // Nobody waits for this look-up any more, and the last one that was waited for tells why.
        if Task.isCancelled { throw error }
        found.withLockedValue { $0[address] = .failure(error) }
      }
    }
    if targets.isEmpty { throw RPCError(code: .unavailable, message: "no address of a manager can be resolved") }
    return targets
  }
}

private struct ReachTarget: ResolvableTarget {
  let reach: ManagerReach
}

private struct ReachResolver: NameResolverFactory {
  func resolver(for target: ReachTarget) -> NameResolver {
    NameResolver(names: RPCAsyncSequence(wrapping: Lookups(reach: target.reach)), updateMode: .pull, authority: "manager.warren")
  }

  struct Lookups: AsyncSequence, AsyncIteratorProtocol, Sendable {
    typealias Element = NameResolutionResult
    let reach: ManagerReach

    func makeAsyncIterator() -> Lookups { self }

    func next() async throws -> NameResolutionResult? { try await next(isolation: nil) }

    func next(isolation actor: isolated (any Actor)?) async throws(any Error) -> NameResolutionResult? {
      let addresses = try await reach.resolve().compactMap { address -> GRPCNIOTransportCore.SocketAddress? in
        guard let ip = address.ipAddress, let port = address.port else { return nil }
        return ip.contains(":") ? .ipv6(host: ip, port: port) : .ipv4(host: ip, port: port)
      }
      return NameResolutionResult(endpoints: [Endpoint(addresses: addresses)], serviceConfig: nil)
    }
  }
}
