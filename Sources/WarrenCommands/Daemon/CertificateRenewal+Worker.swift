import ClusterModel
import ClusterSecurity
import ClusterTLS
import Logging
import WarrenAPI
import Worker

extension CertificateRenewal {
  /// Of a node that is only a worker: it asks any manager that it knows of.
  init(_ membership: WorkerMembership, _ credentials: CurrentCredentials, calls: CertificateCalls, logger: Logger) {
    let directory = SecurityDirectory(dataDirectory: membership.configuration.dataDirectory)
    self.init(
      credentials, look: .seconds(60), now: { .now }, logger: logger, keep: { try directory.keep($0, sealedWith: try directory.sealingKeys()) },
      authority: { await calls.authority() },
      ask: { request, key in
        let renewed = try await calls.renew(request, key)
        // One that was promoted is given the keys of the cluster, and told of the other managers.
        if let keys = renewed.sealingKeys {
          try DataDirectory(membership.configuration.dataDirectory).prepareForManager(membership.configuration.nodeID, as: renewed, keys: keys)
        }
        return renewed.credentials
      })
  }
}

extension CertificateCalls {
  /// Of a worker, to all managers that it knows of.
  init(_ credentials: CurrentCredentials, of membership: WorkerMembership, journal: Worker.Journal) {
    self.init(credentials, now: { .now }) {
      let learned = ((try? await journal.managers()) ?? []).map(\.address)
      return learned + membership.managers.filter { !learned.contains($0) }
    }
  }
}
