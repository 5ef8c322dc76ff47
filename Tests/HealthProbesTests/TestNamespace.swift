import CLinux
import Foundation
import Glibc
import NIOConcurrencyHelpers

@testable import HealthProbes

/// A network namespace of a test's own, with nothing but loopback.
struct TestNamespace {
  let path: String

  static func with(_ name: String, _ body: (TestNamespace) async throws -> Void) async throws {
    let name = "probes-\(name)-\(getpid())"
    let failure = make(name)
    guard failure == 0 else { throw DialFailure(failure, "no namespace") }
    let namespace = TestNamespace(path: "/run/netns/\(name)")
    defer { clinux_remove_network_namespace(namespace.path) }
    try await body(namespace)
  }

  /// The thread that makes it is in it afterwards, and starts no others there, as resuming a task may.
  private static func make(_ name: String) -> CInt {
    let result = NIOLockedValueBox<CInt>(0)
    let isMade = DispatchSemaphore(value: 0)
    Thread.detachNewThread {
      var call: UnsafePointer<CChar>?
      let failure = clinux_make_network_namespace("/run/netns", name, &call)
      result.withLockedValue { $0 = failure }
      isMade.signal()
    }
    isMade.wait()
    return result.withLockedValue { $0 }
  }

  /// How many of this process's sockets are in it, those of servers at these ports aside.
  func sockets(besides ports: [UInt16]) -> Int {
    var own = clinux_file()
    guard clinux_stat(path, &own) else { return 0 }
    let descriptors = (try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd")) ?? []
    return descriptors.compactMap { CInt($0) }.count { namespace(of: $0) == own.inode && !ports.contains(TestServer.port(of: $0)) }
  }

  /// How many of this process's threads are in it.
  func threads() -> Int {
    var own = clinux_file()
    guard clinux_stat(path, &own) else { return 0 }
    return ((try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/task")) ?? []).count { thread in
      var file = clinux_file()
      return clinux_stat("/proc/self/task/\(thread)/ns/net", &file) && file.inode == own.inode
    }
  }

  private func namespace(of socket: CInt) -> UInt64? {
    let getNamespace: UInt = 0x894c  // SIOCGSKNS
    let descriptor = ioctl(socket, getNamespace)
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    var file = clinux_file()
    return clinux_fstat(descriptor, &file) ? file.inode : nil
  }
}
