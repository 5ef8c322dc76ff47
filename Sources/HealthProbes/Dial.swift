import CLinux
import Foundation
import Glibc
import NIOConcurrencyHelpers
import NIOCore

/// Makes a connection out of a network namespace.
///
/// A socket stays in the namespace in which it was made. Who waits for its connection has a thread, as NIO takes only what is connected.
final class Dial: Sendable {
  private struct State {
    /// While it is being connected.
    var descriptor: CInt?
    var isCancelled = false
  }

  private let state = NIOLockedValueBox(State())

  /// - Parameter namespace: a file, or nil for the caller's own.
  /// - Returns: a socket that the caller has to close.
  /// - Throws: `DialFailure` and `CancellationError`, at once when the task is cancelled.
  static func connect(to server: ServerAddress, in namespace: String?) async throws -> CInt {
    let dial = Dial()
    return try await withTaskCancellationHandler {
      try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<CInt, any Error>) in
        Thread.detachNewThread { continuation.resume(with: Result { try dial.connect(to: server, in: namespace) }) }
      }
    } onCancel: {
      dial.cancel()
    }
  }

  private func connect(to server: ServerAddress, in namespace: String?) throws -> CInt {
    var descriptor: CInt = -1
    var call: UnsafePointer<CChar>?
    var failure = clinux_socket_in_namespace(namespace, CInt(server.socket.protocol.rawValue), &descriptor, &call)
    guard failure == 0 else { throw Self.error(failure, call, namespace) }

    failure = begin(server, descriptor)
    if failure == EINPROGRESS { failure = clinux_finish_connecting(descriptor) }
    let isCancelled = state.withLockedValue {
      $0.descriptor = nil
      return $0.isCancelled
    }
    if failure == 0 && !isCancelled { return descriptor }
    close(descriptor)
    throw isCancelled ? CancellationError() : DialFailure(failure, to: server)
  }

  /// Within the lock, because what was cancelled before must not begin.
  private func begin(_ server: ServerAddress, _ descriptor: CInt) -> CInt {
    state.withLockedValue {
      if $0.isCancelled { return ECANCELED }
      $0.descriptor = descriptor
      return server.socket.withSockAddr { Glibc.connect(descriptor, $0, socklen_t($1)) } == 0 ? 0 : errno
    }
  }

  private func cancel() {
    state.withLockedValue {
      $0.isCancelled = true
      if let descriptor = $0.descriptor { shutdown(descriptor, CInt(SHUT_RDWR)) }
    }
  }

  private static func error(_ number: CInt, _ call: UnsafePointer<CChar>?, _ namespace: String?) -> DialFailure {
    let name = call.map { String(cString: $0) } ?? ""
    guard let namespace, ["open", "setns"].contains(name) else { return DialFailure(number, "no socket (\(name))") }
    return DialFailure(number, "no way into the network namespace \(namespace) (\(name))")
  }
}
