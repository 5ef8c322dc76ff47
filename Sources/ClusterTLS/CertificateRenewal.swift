package import ClusterModel
package import ClusterSecurity
package import Crypto
package import Logging
import NIOConcurrencyHelpers
import ServiceLifecycle

/// Keeps a node's certificate fresh while it runs: asks for the next at half of its life, and at once when the cluster's authority was
/// replaced. What is renewed is on disk before it is shown to anybody.
package struct CertificateRenewal: Service {
  /// Gets a certificate for this request (`CertificateRequest`), which is signed with the key.
  package typealias Ask = @Sendable (_ request: [UInt8], _ key: P256.Signing.PrivateKey) async throws -> NodeCredentials

  private let credentials: CurrentCredentials
  private let keep: @Sendable (NodeCredentials) throws -> Void
  private let authority: @Sendable () async -> String?
  private let ask: Ask
  private let look: Duration
  private let now: @Sendable () -> Timestamp
  private let clock: any Clock<Duration>
  private let random: @Sendable () -> Double
  private let logger: Logger
  /// Two at once would leave the node with one certificate and the store with another.
  private let isUnderWay = NIOLockedValueBox(false)

  /// - Parameters:
  ///   - keep: writes to disk.
  ///   - authority: the pin of the one that signs now; nil when that is not known.
  ///   - look: how often the above is asked.
  ///   - random: from 0 to 1.
  package init(
    _ credentials: CurrentCredentials, look: Duration, now: @escaping @Sendable () -> Timestamp, clock: any Clock<Duration> = .continuous,
    random: @escaping @Sendable () -> Double = { .random(in: 0...1) }, logger: Logger, keep: @escaping @Sendable (NodeCredentials) throws -> Void,
    authority: @escaping @Sendable () async -> String?, ask: @escaping Ask
  ) {
    self.credentials = credentials
    self.look = look
    self.now = now
    self.clock = clock
    self.random = random
    self.logger = logger
    self.keep = keep
    self.authority = authority
    self.ask = ask
  }

  package func run() async throws {
    try? await cancelWhenGracefulShutdown {
      var failures = 0
      var spread = random()
      while true {
        guard let own = credentials.value else {
          try await clock.sleep(for: look)
          continue
        }
        let pause: Duration
        switch await state(of: own, spread) {
        case .fresh(let until): pause = min(look, max(until - now(), .seconds(1)))
        case .lost:
          logger.error("certificate.lost", metadata: ["node": "\(own.identity.node)", "remedy": "join again with a token"])
          pause = look
        case .due, .expired:
          do {
            if try await renewNow() {
              (failures, spread) = (0, random())
              continue
            }
            pause = .seconds(1)
          } catch {
            try Task.checkCancellation()
            failures += 1
            pause = RenewalSchedule.pause(afterFailures: failures, spread: random())
            logger.warning("certificate.not-renewed", metadata: ["error": "\(error)", "again_in": "\(pause)"])
          }
        }
        try await clock.sleep(for: pause)
      }
    }
  }

  private func state(of own: NodeCredentials, _ spread: Double) async -> RenewalSchedule.State {
    let state = RenewalSchedule(own.certificate, trust: own.trust, spread: spread).state(at: now())
    guard case .fresh = state, let pin = await authority(), pin != own.trust.pins.first?.text else { return state }
    return .due
  }

  /// Asks for the next certificate, whatever the age of this one.
  /// - Returns: false when somebody else is about to.
  @discardableResult package func renewNow() async throws -> Bool {
    let isMine = isUnderWay.withLockedValue { isUnderWay in
      defer { isUnderWay = true }
      return !isUnderWay
    }
    guard isMine else { return false }
    defer { isUnderWay.withLockedValue { $0 = false } }
    guard let own = credentials.value else { return false }
    try await renew(own)
    return true
  }

  private func renew(_ own: NodeCredentials) async throws {
    let key = P256.Signing.PrivateKey()
    let renewed = try await ask(try CertificateRequest.make(for: own.identity.node, key: key), key)
    guard renewed.identity.node == own.identity.node, renewed.identity.cluster == own.identity.cluster else {
      throw WarrenError(.dataLoss, "a certificate for \(renewed.identity) was issued to \(own.identity); the manager may be damaged")
    }
    try keep(renewed)
    credentials.replace(renewed)
    logger.info(
      "certificate.renewed",
      metadata: ["node": "\(renewed.identity.node)", "role": "\(renewed.identity.role.rawValue)", "serial": "\(renewed.certificate.serialText)"])
  }
}
