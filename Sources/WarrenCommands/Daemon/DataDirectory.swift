import ClusterModel
import FoundationEssentials
import Glibc

/// The directory of everything a node must not forget:
///
///     settings.json   what was said on the command line
///     managers.json   where the managers are (manager)
///     raft/           the cluster's log (manager)
///     superseded      there when the cluster was recovered without this manager
///     security/       this node's keys (`SecurityDirectory`)
///     worker.sqlite   the worker's journal
///     departed        while everything else here goes: the node is no longer of the cluster
///     worker.lock     held by the daemon of a node that is only a worker
///     tasks/, logs/   files of containers
///     containerd/     a containerd of our own, when the system has none
struct DataDirectory: Sendable {
  let path: String

  private var settingsFile: String { "\(path)/settings.json" }

  init(_ path: String) {
    self.path = path.hasPrefix("/") ? path : "\(FileManager.default.currentDirectoryPath)/\(path)"
  }

  /// What a start that got no further than making the log may have left here, and what a file system has of its own.
  private static let harmless = [
    "settings.json", "managers.json", "superseded", "departed", "raft", "security", "worker.sqlite", "worker.lock", "containerd", "network", "logs",
    "tasks", "lost+found",
  ]

  /// What is in it, sorted.
  var names: [String] { ((try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []).sorted() }

  /// A new node closes its directory to others and removes files there that it does not know: never in a directory of something else.
  func checkVacant() throws {
    guard
      let foreign = names.first(where: { name in
        !Self.harmless.contains { name == $0 || name.hasPrefix("\($0).") || name.hasPrefix("\($0)-") }
      })
    else { return }
    throw WarrenError(
      .failedPrecondition, "\(path) is not empty and no node's directory (it has \(foreign) in it); name an empty or a new one with --data-dir")
  }

  /// Makes the directory, for its owner only. One that others may enter is closed to them.
  func prepare() throws {
    var made = ""
    for component in self.path.split(separator: "/") {
      made += "/\(component)"
      guard mkdir(made, made == self.path ? 0o700 : 0o755) != 0, errno != EEXIST else { continue }
      throw Self.failure("make", made)
    }
    var info = stat()
    guard stat(self.path, &info) == 0 else { throw Self.failure("look at", self.path) }
    guard info.st_mode & S_IFMT == S_IFDIR else {
      throw WarrenError(.failedPrecondition, "\(self.path) is not a directory; name another one with --data-dir")
    }
    guard info.st_uid == geteuid() else {
      throw WarrenError(.permissionDenied, "\(self.path) belongs to another user; run as that user, or name another directory with --data-dir")
    }
    if info.st_mode & 0o077 != 0, chmod(self.path, 0o700) != 0 { throw Self.failure("close", self.path) }
  }

  /// Nil when nothing was kept.
  func settings() throws -> DaemonSettings? {
    guard let data = FileManager.default.contents(atPath: settingsFile) else { return nil }
    do { return try JSONDecoder().decode(DaemonSettings.self, from: data) } catch {
      throw WarrenError(
        .dataLoss, "\(settingsFile) cannot be read; put it right or remove it, and give this node's options on the command line", cause: error)
    }
  }

  /// Durable before it returns, and never half written.
  func keep(_ settings: DaemonSettings) throws {
    if let kept = try? self.settings(), kept == settings { return }
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    let data = try encoder.encode(settings)
    let temporary = "\(settingsFile).new"
    let file = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
    guard file >= 0 else { throw Self.failure("write", temporary) }
    let written = data.withUnsafeBytes { write(file, $0.baseAddress, $0.count) }
    guard written == data.count, fsync(file) == 0, rename(temporary, settingsFile) == 0 else {
      let failure = Self.failure("write", settingsFile)
      close(file)
      throw failure
    }
    close(file)
    let directory = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    if directory >= 0 {
      fsync(directory)
      close(directory)
    }
  }

  private static func failure(_ verb: String, _ path: String) -> WarrenError {
    let (code, advice): (WarrenError.Code, String) =
      switch errno {
      case EACCES, EPERM: (.permissionDenied, "run as root")
      case ENOSPC, EDQUOT: (.resourceExhausted, "free some space")
      case EROFS: (.failedPrecondition, "mount it writable")
      default: (.failedPrecondition, "check the path")
      }
    return WarrenError(code, "cannot \(verb) \(path); \(String(cString: strerror(errno))); \(advice), or name another directory with --data-dir")
  }
}
