import ClusterModel
import Foundation
import Glibc

@testable import Manager

/// Takes connections on a port of the loopback, and answers each with the same bytes.
final class PlainServer: Sendable {
  private let listener: TCPListener
  var port: Int { listener.port }

  init(_ answer: String) throws {
    let listener = try TCPListener(host: "127.0.0.1", port: 0)
    self.listener = listener
    // Blocking from here on: the thread ends when the socket is shut down.
    _ = fcntl(listener.descriptor, F_SETFL, 0)
    let thread = Thread {
      while true {
        let connection = accept(listener.descriptor, nil, nil)
        guard connection >= 0 else { return }
        _ = answer.utf8.withContiguousStorageIfAvailable { send(connection, $0.baseAddress, $0.count, CInt(MSG_NOSIGNAL)) }
        Glibc.close(connection)
      }
    }
    thread.start()
  }

  func close() {
    shutdown(listener.descriptor, CInt(SHUT_RDWR))
    Glibc.close(listener.descriptor)
  }
}
