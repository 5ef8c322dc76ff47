import ClusterModel
import ClusterSecurity
import ClusterTLS
import Logging
import Manager
import WarrenAPI

extension CertificateRenewal {
  /// Of a manager: it signs its own next certificate while it leads, and asks the others otherwise.
  init(_ membership: NodeMembership, _ credentials: CurrentCredentials, others: CertificateCalls, store: ClusterStore, book: PeerBook, logger: Logger)
  {
    let trust = StoredTrust(store)
    let own = membership.configuration.nodeID
    let directory = SecurityDirectory(dataDirectory: membership.configuration.dataDirectory)
    let admission = NodeAdmission(store: store, now: { .now }, sealingKeys: membership.sealingKeys)
    let askOthers: Ask = { request, key in
      let renewed = try await others.renew(request, key)
      try DataDirectory(membership.configuration.dataDirectory).prepareForSuccessor(of: membership.storage.identity, as: renewed)
      return renewed.credentials
    }
    self.init(
      // Only looks into its own memory.
      credentials, look: .seconds(5), now: { .now }, logger: logger,
      keep: { try directory.keep($0, sealedWith: try membership.sealingKeys()) },
      authority: { trust.trust?.pins.first?.text },
      ask: { request, key in
        // What it is by now the others know.
        let isKnown = store.view.node(own)?.isLastingManager ?? !book.entries.contains { $0.nodeID != own }
        if !isKnown { return try await askOthers(request, key) }
        guard let shown = credentials.value, let verifier = trust.verifier else {
          throw WarrenError(.failedPrecondition, "this manager has no certificate to renew; its log says why")
        }
        do {
          let certificate = try await verifier.verify(try shown.chain.map { try $0.der }, as: .client, now: .now, grace: RenewalSchedule.grace)
          let issued = try await admission.renew(certificate, request: request)
          return try NodeCredentials(chain: issued.chain, key: key, trust: issued.trust)
        } catch let error as WarrenError where error.code == .unavailable {
          return try await askOthers(request, key)
        } catch let refusal as CertificateRefusal {
          throw refusal.error
        }
      })
  }
}

extension CertificateCalls {
  /// Of a manager, to the others.
  init(_ credentials: CurrentCredentials, ofManager own: NodeID, store: ClusterStore, book: PeerBook) {
    self.init(credentials, now: { .now }) {
      let stored = store.view.nodes.filter { $0.isLastingManager && $0.id != own && !$0.apiAddress.isEmpty }.map(\.apiAddress).sorted()
      // A manager that has not caught up yet was told when it became one.
      return stored.isEmpty ? book.entries.filter { $0.nodeID != own && !$0.apiAddress.isEmpty }.map(\.apiAddress) : stored
    }
  }
}
