import ArgumentParser
import Containerd
import Glibc

/// What the executable does: parse, run, and turn what went wrong into one line and an exit status.
package enum WarrenMain {
  /// A containerd shim starts this program to write a container's log: nothing else may be set up then, there is one per container.
  /// - Returns: the exit status; nil when this is not such a process.
  package static func runLogDriver(_ arguments: [String]) -> Int32? { LogDriver.run(arguments) }

  package static func run(_ arguments: [String]) async -> Never {
    do {
      let connection = EarlyConnection(arguments)
      var command = try await WarrenCommand.asyncParseAsRoot(arguments)
      try await EarlyConnection.$current.withValue(connection) {
        if var command = command as? any AsyncParsableCommand {
          try await command.run()
        } else {
          try command.run()
        }
      }
      exit(0)
    } catch {
      let outcome = ExitCodes.outcome(of: error, root: WarrenCommand.self)
      if let message = outcome.message { Terminal.line(message, to: outcome.code == 0 ? .output : .error) }
      exit(outcome.code)
    }
  }
}
