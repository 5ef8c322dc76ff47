import ArgumentParser
import ClusterModel
import ClusterSecurity
import ClusterTLS
import Crypto
import Logging
import Manager
import Raft
import RaftStorage
import WarrenAPI

struct ManagerRejoin: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "rejoin", abstract: "Let a manager whose log is damaged or gone begin anew, as another member of the same cluster.",
    discussion: example(
      "warren manager rejoin", "warren manager rejoin --data-dir /srv/warren --manager manager-1:8080",
      note:
        "While its daemon is stopped and most of the other managers are there. It keeps its name, its keys and its containers, and gets everything else "
        + "from the others; a damaged log is kept aside. Afterwards: warren start. A manager whose keys are gone, too, is removed (warren node remove) "
        + "and joins with a token."))

  @Option(help: ArgumentHelp("The data directory; no daemon may be using it.", valueName: "path"), completion: .directory, transform: PathText.parse)
  var dataDir = "/var/lib/warren"
  @Option(help: ArgumentHelp("API addresses of other managers (default: those it knew).", valueName: "host:port")) var manager: String?

  private static let logger = Logger(label: "warren") { _ in SwiftLogNoOpLogHandler() }

  func run() async throws {
    let security = SecurityDirectory(dataDirectory: dataDir)
    guard let keys = try security.keptSealingKeys(), let own = try security.credentials(sealedWith: keys) else {
      throw WarrenError(
        .notFound,
        "\(dataDir) has no keys of a node; remove the node on another manager (warren node remove NODE), and join with a token: warren manager join")
    }
    let node = own.identity.node
    guard own.identity.role == .manager else {
      throw WarrenError(.failedPrecondition, "\(dataDir) belongs to \(own.identity), which has no log to lose; start it: warren start")
    }
    try SupersededMark(dataDir).check()
    let hasLog = LogDatabase.exists(dataDirectory: dataDir)
    if hasLog { try checkDamaged() }
    let renewed = try await newMember(own)
    guard let number = renewed.managers.first(where: { $0.node == node })?.memberID, number != 0 else {
      throw WarrenError(.failedPrecondition, "the manager that answered is of a version that takes no manager back; upgrade it")
    }
    try PeerBook.write(renewed.managers.map(PeerBook.Entry.init), dataDirectory: dataDir)
    try security.keep(renewed.credentials, sealedWith: keys)
    let identity = LogIdentity(clusterID: own.identity.cluster, nodeID: node, memberID: number)
    var aside: String?
    if hasLog {
      aside = try LogRecovery(dataDirectory: dataDir).rejoin(as: identity)
    } else {
      try LogDatabase.create(dataDirectory: dataDir, identity: identity, founders: [], logger: Self.logger).close()
    }
    Terminal.line("✓ Manager \(node) begins anew, as member \(number) of cluster \(own.identity.cluster)")
    if let aside { Terminal.line("  The damaged log is in \(aside)") }
    Terminal.line("  Start it with: warren start --data-dir \(dataDir)")
  }

  private func checkDamaged() throws {
    let found: LogRecovery.Report
    do { found = try LogRecovery(dataDirectory: dataDir).inspect() } catch let error as WarrenError where error.code == .dataLoss { return }
    guard found.damage == nil else { return }
    throw WarrenError(.failedPrecondition, "the log in \(dataDir) is intact, nothing was changed; start it: warren start --data-dir \(dataDir)")
  }

  private func newMember(_ own: NodeCredentials) async throws -> CertificateCalls.Renewed {
    var others = try manager?.split(separator: ",").map { try HostPort(parsing: String($0), option: "--manager").description } ?? []
    if others.isEmpty, let book = try? PeerBook(dataDirectory: dataDir, logger: Self.logger) {
      others = book.entries.filter { $0.nodeID != own.identity.node && !$0.apiAddress.isEmpty }.map(\.apiAddress)
    }
    guard !others.isEmpty else {
      throw WarrenError(.invalidArgument, "\(dataDir) does not say where the other managers are; name them with --manager HOST:PORT")
    }
    let key = P256.Signing.PrivateKey()
    let calls = CertificateCalls(CurrentCredentials(own), now: { .now }) { [others] in others }
    return try await calls.renew(try CertificateRequest.make(for: own.identity.node, key: key), key, asNewMember: true)
  }
}
