import ClusterModel
import ClusterSecurity
import ClusterTLS
import Logging
import Manager
import WarrenAPI

/// For a manager that was off while all the managers that it knew were replaced or moved: it is told of one that there is now, and asks that
/// one for all of them.
struct ManagerHints {
  /// `HOST:PORT` of APIs.
  let addresses: [String]
  let credentials: NodeCredentials
  let logger: Logger

  /// What the first says that answers. Nil when none does: whoever resumes must not depend on it, so what goes wrong is logged.
  func ask() async -> [PeerBook.Entry]? {
    if addresses.isEmpty { return nil }
    do {
      let entries = try await CertificateCalls(CurrentCredentials(credentials), now: { .now }, managers: { addresses }).nodes()
        .compactMap(PeerBook.Entry.init)
      let text = entries.map { "\($0.node) (\($0.raftAddress))" }.joined(separator: ", ")
      logger.info("managers.asked", metadata: ["managers": "\(text)"])
      return entries.isEmpty ? nil : entries
    } catch {
      logger.warning("managers.not-asked", metadata: ["addresses": "\(addresses.joined(separator: ","))", "error": "\(error)"])
      return nil
    }
  }
}
