import ArgumentParser
import Glibc

/// What the executable does: parse, run, and turn what went wrong into one line and an exit status.
package enum WarrenMain {
  package static func run(_ arguments: [String]) async -> Never {
    do {
      let connection = EarlyConnection(arguments)
      var command = try await parse(arguments)
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

  /// The command that the arguments name, with its options.
  ///
  /// The first words are followed down the tree and what they lead to reads the rest, as if it were a program of its own: the root makes the set
  /// of a command's options four times on its way there, which is a twelfth of a command's time. The root reads what is not a command that
  /// can be run (help, completions), and says what is wrong.
  static func parse(_ arguments: [String]) async throws -> any ParsableCommand {
    var named: any ParsableCommand.Type = WarrenCommand.self
    var rest = arguments[...]
    while let word = rest.first, let next = named.configuration.subcommands.first(where: { $0.answers(to: word) }) {
      named = next
      rest.removeFirst()
    }
    if named.configuration.subcommands.isEmpty, let command = named as? any AsyncParsableCommand.Type,
      let parsed = await command.parseAlone(Array(rest))
    {
      return parsed
    }
    return try await WarrenCommand.asyncParseAsRoot(arguments)
  }
}

extension AsyncParsableCommand {
  /// Nil when it does not parse, or asks for something else than to run.
  fileprivate static func parseAlone(_ arguments: [String]) async -> Self? {
    (try? await Alone<Self>.asyncParseAsRoot(arguments) as? Alone<Self>)?.command
  }
}

/// A command that is parsed as a program of its own, but not as one that could print a script for completions: to look whether it is asked
/// for one takes a tenth of the command's time.
private struct Alone<Command: AsyncParsableCommand>: AsyncParsableCommand, CustomReflectable {
  static var configuration: CommandConfiguration {
    var configuration = Command.configuration
    // ArgumentParser looks for that only in commands that no other program leads to.
    configuration._superCommandName = WarrenCommand.configuration.commandName
    return configuration
  }

  var command = Command()

  init() {}
  init(from decoder: any Decoder) throws { command = try Command(from: decoder) }

  mutating func validate() throws { try command.validate() }

  /// The arguments are found by reflection.
  var customMirror: Mirror { Mirror(reflecting: command) }
}

extension ParsableCommand {
  fileprivate static func answers(to word: String) -> Bool { _commandName == word || configuration.aliases.contains(word) }
}
