import ClusterModel
import ClusterSecurity
import Glibc
import RaftStorage

/// Says in a manager's data directory that its cluster was recovered or restored without it: it must not run any more, not even with others
/// of its time, who could elect a leader together.
struct SupersededMark {
  private let dataDirectory: String
  private var file: PrivateFile { PrivateFile("\(dataDirectory)/\(Self.name)") }
  static let name = "superseded"

  init(_ dataDirectory: String) { self.dataDirectory = dataDirectory }

  /// - Throws: `failedPrecondition` when it is there.
  func check() throws(WarrenError) {
    guard let bytes = try file.read() else { return }
    throw error(by: String(decoding: bytes, as: UTF8.self))
  }

  /// Durable when this returns.
  /// - Parameter manager: where one of the new group is reached.
  func write(by manager: String) throws(WarrenError) { try file.write(Array(manager.utf8)) }

  /// For a machine that joins anew: its log is kept aside, its identity is forgotten, and what it runs stays. Nothing is done when there is no
  /// mark; what was interrupted is done by the next attempt.
  /// - Throws: `failedPrecondition` while a daemon uses the directory.
  func setAside() throws {
    guard try file.read() != nil else { return }
    try LogDatabase.giveUp(dataDirectory: dataDirectory)
    // The last one is durable with the log that is made next.
    for name in ["security/identity", "managers.json", Self.name] { unlink("\(dataDirectory)/\(name)") }
  }

  func error(by manager: String) -> WarrenError {
    let place = manager.isEmpty ? "" : " by the manager at \(manager)"
    return WarrenError(
      .failedPrecondition,
      "the cluster was recovered or restored without this manager, which must not take part any more; it was told so\(place); what runs here goes on; "
        + "to use the machine again, let it join anew: warren manager join --leader HOST:8080 --token-file FILE --data-dir \(dataDirectory)")
  }
}
