import CLinux
import ClusterModel
import Foundation
import Glibc

/// A network namespace with a name, as `ip netns` makes them and shows them: a file with the namespace mounted on it.
enum NetworkNamespace {
  static let folder = "/run/netns"

  /// Makes one whose loopback is up. The system calls wait for whatever else the kernel does to networks, so they get a thread of their own.
  /// - Throws: `WarrenError(.internalError)` with the system's words.
  static func make(_ name: String) async throws {
    try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
      Thread.detachNewThread {
        var call: UnsafePointer<CChar>?
        let failure = clinux_make_network_namespace(folder, name, &call)
        if failure == 0 { return continuation.resume() }
        continuation.resume(throwing: error("make", name, failure, in: call.map { String(cString: $0) }))
      }
    }
  }

  /// Takes its name away; it is gone when no process is in it any more.
  static func remove(_ name: String) throws {
    let failure = clinux_remove_network_namespace("\(folder)/\(name)")
    guard failure == 0 else { throw error("remove", name, failure, in: nil) }
  }

  private static func error(_ verb: String, _ name: String, _ number: Int32, in call: String?) -> WarrenError {
    let place = call.map { " (\($0))" } ?? ""
    return WarrenError(.internalError, "Could not \(verb) the network namespace \(name): \(String(cString: strerror(number)))\(place)")
  }
}
