package import ClusterModel
import NIOConcurrencyHelpers
package import NIOCore
import NIOPosix

/// Asks a server inside of a network namespace whether it is well.
package struct NetworkProbe: Sendable {
  private let group: any EventLoopGroup

  package init(group: any EventLoopGroup = MultiThreadedEventLoopGroup.singleton) { self.group = group }

  /// Its connection is closed when this returns.
  ///
  /// - Parameters:
  ///   - namespace: the file of the network namespace, as /run/netns/NAME; nil for the caller's own.
  ///   - addresses: of the server, IPv4 or IPv6 literals; the next one is tried when one refuses the connection or cannot be reached.
  ///   - timeout: for everything together.
  /// - Returns: whatever goes wrong is the outcome's output, too.
  /// - Throws: `CancellationError`.
  package func run(
    _ question: Question, in namespace: String?, at addresses: [String], timeout: Duration
  ) async throws -> ProbeOutcome {
    let progress = NIOLockedValueBox("no answer")
    do {
      return try await withDeadline(timeout) { try await ask(question, in: namespace, at: addresses, progress) }
    } catch is DeadlineExceeded {
      return .failure("\(progress.withLockedValue { $0 }) within \(Self.text(timeout))")
    }
  }

  /// - Parameter progress: how far it got, for when the time is over.
  private func ask(
    _ question: Question, in namespace: String?, at addresses: [String], _ progress: NIOLockedValueBox<String>
  ) async throws -> ProbeOutcome {
    var failures: [String] = []
    for address in addresses {
      do {
        let server = try ServerAddress(address, port: question.port)
        progress.withLockedValue { $0 = "no connection to \(server)" }
        let socket = try await Dial.connect(to: server, in: namespace)
        return try await Exchange(question: question, server: server, progress: progress).run(over: socket, on: group.any())
      } catch let failure as DialFailure where failure.nextAddressMayAnswer {
        failures.append("\(failure)")
      } catch is CancellationError {
        throw CancellationError()
      } catch {
        return .failure("\(error)")
      }
    }
    return .failure(failures.isEmpty ? "no address to connect to" : failures.joined(separator: "; "))
  }

  private static func text(_ time: Duration) -> String {
    let milliseconds = time.nanoseconds / 1_000_000
    return milliseconds % 1000 == 0 ? "\(milliseconds / 1000)s" : "\(milliseconds)ms"
  }
}
