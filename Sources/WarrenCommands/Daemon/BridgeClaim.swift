import ClusterModel
import Glibc

/// A bridge, and the network namespaces named after it, belong to one daemon of a machine: a second one would take them for leftovers and
/// cut the first one's containers off. Held until `deinit`; the kernel releases it when the process dies.
final class BridgeClaim: Sendable {
  private let descriptor: Int32

  /// - Throws: `failedPrecondition` when another daemon has it.
  init(_ bridge: String, directory: String = "/run/warren") throws {
    if mkdir(directory, 0o755) != 0, errno != EEXIST { throw Self.failure("make", directory) }
    let path = "\(directory)/\(bridge).lock"
    let file = open(path, O_CREAT | O_RDWR | O_CLOEXEC, 0o600)
    guard file >= 0 else { throw Self.failure("open", path) }
    guard flock(file, LOCK_EX | LOCK_NB) == 0 else {
      let failure = errno == EWOULDBLOCK ? Self.taken(bridge) : Self.failure("lock", path)
      close(file)
      throw failure
    }
    descriptor = file
  }

  deinit {
    // Closing alone would leave it locked while a child that is just being started still has the descriptor.
    flock(descriptor, LOCK_UN)
    close(descriptor)
  }

  private static func taken(_ bridge: String) -> WarrenError {
    WarrenError(
      .failedPrecondition,
      "another warren daemon on this machine uses the bridge \(bridge); stop that one, or give this one its own with --bridge and --cni-subnet")
  }

  private static func failure(_ verb: String, _ path: String) -> WarrenError {
    WarrenError(.failedPrecondition, "cannot \(verb) \(path); \(String(cString: strerror(errno))); run as root")
  }
}
