import ArgumentParser
import ClusterModel
import ClusterSecurity
import Glibc
import Manager
import RaftStorage
import SwiftProtobuf
import WarrenAPI

struct ClusterRestore: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "restore", abstract: "Make this machine the only manager of a cluster that is restored from a backup.",
    discussion: example(
      "warren cluster restore /backup/warren-2026-03-01", "age -d backup.age | warren cluster restore - --manager-only",
      note:
        "For when all managers are lost; when one is left, see 'warren cluster recover'. It makes the data directory and ends; start it with 'warren start'. "
        + "The cluster is the one that it was: workers come back with the certificates that they have, and tokens hold. "
        + "Managers of before are given up: they are refused when they return."))

  @Argument(help: "A file that 'warren cluster backup' wrote, or - for standard input.", completion: .file()) var file: String
  @OptionGroup var options: DaemonOptions

  func run() async throws {
    let backup = try read()
    let before = try backup.view()
    let directory = DataDirectory(options.dataDir)
    let keys = try backup.sealingKeys()
    try Self.check(directory, takes: keys)
    let hostname = DaemonConfiguration.hostname()
    let settings = options.settings
    let nodeID = try DaemonConfiguration.nodeID(options.nodeID ?? hostname)
    let configuration = try DaemonConfiguration(nodeID: nodeID, dataDirectory: directory.path, settings: settings, hostname: hostname)
    if let taken = before.node(nodeID), !taken.roles.contains(.manager) {
      throw WarrenError(.alreadyExists, "node \(nodeID) is a worker of the cluster; give this machine another name with --node-id")
    }
    let refounding = Refounding(manager: nodeID, runsContainers: configuration.runsContainers, now: .now, backup: backup.madeAt)
    let after = try refounding(before)
    let identity = LogIdentity(clusterID: backup.cluster, nodeID: nodeID, memberID: refounding.founder(of: before))
    let beginning = LogBeginning(
      identity: identity, state: try StoredState.snapshot(of: after), index: after.index, term: max(backup.header.term, 1))
    try directory.prepare()
    try directory.keep(settings)
    try directory.security.keep(keys)
    // The last step: before it the directory holds no node, and the command can be given again.
    try LogDatabase.found(beginning, dataDirectory: directory.path)
    Terminal.write(Self.text(backup, configuration, givenUp: refounding.givenUp(in: before).map(\.id)))
  }

  private func read() throws -> Backup {
    let descriptor = file == "-" ? 0 : open(file, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else {
      let code: WarrenError.Code = errno == ENOENT ? .notFound : .failedPrecondition
      throw WarrenError(code, "\(file) cannot be read; \(String(cString: strerror(errno))); name a backup, or - for standard input")
    }
    defer { if descriptor != 0 { close(descriptor) } }
    var reader = BackupReader(file == "-" ? "what comes from standard input" : file, keepsState: true)
    var buffer = [UInt8](repeating: 0, count: 1 << 20)
    while true {
      let count = Glibc.read(descriptor, &buffer, buffer.count)
      if count == 0 { return try reader.finish() }
      if count < 0, errno == EINTR { continue }
      guard count > 0 else {
        throw WarrenError(.failedPrecondition, "\(file) cannot be read; \(String(cString: strerror(errno))); name a backup, or - for standard input")
      }
      try reader.add(Array(buffer[..<count]))
    }
  }

  /// What a restoration that was interrupted leaves behind.
  private static let leftovers = ["settings.json", "settings.json.new", "security", "raft.lock", "raft.unfinished", "lost+found"]

  /// - Throws: when somebody lives in the directory, or did.
  private static func check(_ directory: DataDirectory, takes keys: SealingKeyring) throws {
    let advice = "restore into an empty or a new one, with --data-dir"
    if LogDatabase.exists(dataDirectory: directory.path) {
      throw WarrenError(.alreadyExists, "\(directory.path) holds a manager already; start that with 'warren start', or \(advice)")
    }
    try directory.refuseWorker()
    if let foreign = directory.names.first(where: { !leftovers.contains($0) }) {
      throw WarrenError(.failedPrecondition, "\(directory.path) is not empty (it has \(foreign) in it); \(advice)")
    }
    if let kept = try directory.security.keptSealingKeys(), kept != keys {
      throw WarrenError(.failedPrecondition, "\(directory.path) has the sealing keys of something else; \(advice)")
    }
  }

  private static func text(_ backup: Backup, _ configuration: DaemonConfiguration, givenUp: [NodeID]) -> String {
    """
    ✓ Cluster restored: \(backup.header.clusterID)
      As of: \(TimeText.rfc3339(backup.header.madeAt)), entry \(backup.header.index), by \(backup.header.nodeID)
      Node ID: \(configuration.nodeID)
      Managers given up: \(givenUp.isEmpty ? "none" : givenUp.map(\.rawValue).joined(separator: ", "))

    Next steps:
      warren start --data-dir \(configuration.dataDirectory)
      on each worker, unless this machine has the name or address of a manager of before:
        warren worker start --manager \(configuration.apiAddress)

    """
  }
}
