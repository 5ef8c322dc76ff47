import ArgumentParser
import Glibc

/// What the executable does: parse, run, and turn what went wrong into one line and an exit status.
package enum WarrenMain {
  package static func run(_ arguments: [String]) async -> Never {
    do {
      var command = try await WarrenCommand.asyncParseAsRoot(arguments)
      if var command = command as? any AsyncParsableCommand {
        try await command.run()
      } else {
        try command.run()
      }
      exit(0)
    } catch {
      let outcome = ExitCodes.outcome(of: error, root: WarrenCommand.self)
      if let message = outcome.message { Terminal.line(message, to: outcome.code == 0 ? .output : .error) }
      exit(outcome.code)
    }
  }
}
