import ArgumentParser
import ClusterModel
import GRPCCore
import SwiftProtobuf
import UnixSignals
import WarrenAPI

struct ServiceExec: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "exec", abstract: "Run a command in a running container of a service.",
    discussion: example(
      "warren service exec web -- ls -l /", "warren service exec -it web -- sh", "echo data | warren service exec -i web -- cat",
      note: """
        Ends with the exit code of the command: 127 when the container has no such program, 126 when it cannot be run. When there is no command to \
        speak for, a line 'error: …' says why, and the exit code is Warren's own: 1 nothing runs that it could be run in, 2 a wrong option, \
        3 no such service or task, 5 no manager. On a terminal, -i and -t are on by themselves.
        """))

  @Flag(name: .shortAndLong, help: "Pass standard input on.") var interactive = false
  @Flag(name: .shortAndLong, help: "Give the command a terminal.") var tty = false
  @Flag(help: "Neither pass standard input on nor give a terminal.") var plain = false
  @Option(help: "Run in this task (id or its first characters) instead of any of the service.", completion: .taskNames) var task: String?
  @Option(name: .shortAndLong, help: ArgumentHelp("Set an environment variable.", valueName: "key=value"), transform: KeyValue.parseEnvironment)
  var env: [String] = []
  @Option(help: ArgumentHelp("Run as this user.", valueName: "user[:group]")) var user = ""
  @Option(help: ArgumentHelp("Directory to run in.", valueName: "path")) var workdir = ""
  @OptionGroup var options: GlobalOptions
  @Argument(help: "Name or id of the service.", completion: .serviceNames) var name: String
  @Argument(parsing: .captureForPassthrough, help: "The command and its arguments.") var command: [String] = []

  var arguments: [String] { command.first == "--" ? Array(command.dropFirst()) : command }

  func validate() throws {
    if name.isEmpty { throw ValidationError("no service is named; for example: warren service exec web -- sh") }
    if let first = command.first, first.hasPrefix("-"), first != "--" {
      throw ValidationError("\(first) follows the service's name, where the command begins; put options before the name, or -- before the command")
    }
    if arguments.isEmpty { throw ValidationError("no command is given; name one after --, for example: warren service exec \(name) -- sh") }
    if plain, interactive || tty { throw ValidationError("--plain contradicts --interactive and --tty; leave one out") }
  }

  func run() async throws {
    let terminal = Terminal.Stream.input.isTerminal && Terminal.Stream.output.isTerminal
    let automatic = !plain && !interactive && !tty && terminal
    if tty, !Terminal.Stream.input.isTerminal { throw WarrenError(.invalidArgument, "standard input is no terminal; leave -t out") }
    let start = start(tty: tty || automatic)
    let forwardInput = interactive || automatic
    let raw = start.tty && forwardInput ? RawTerminal() : nil
    defer { raw?.restore() }
    let call = options.streamOptions
    let code = try await options.withClient { client in
      try await checkTask(client)
      return try await client.stream { stub in
        try await stub.exec(options: call) { writer in
          try await writer.write(.with { $0.start = start })
          try await Self.send(to: writer, input: forwardInput, resizes: start.tty)
        } onResponse: { response in
          try await Self.receive(response)
        }
      }
    }
    raw?.restore()
    throw ExitCode(code)
  }

  /// A task of another service is a slip of the hand that would run the command in the wrong place.
  private func checkTask(_ client: WarrenClient) async throws {
    guard let task else { return }
    let found = try await client.call { try await $0.getTask(.with { $0.id = task }, options: options.callOptions) }.task
    let service = try await client.call { try await $0.getService(.with { $0.id = name }, options: options.callOptions) }.service
    guard found.serviceID == service.id else {
      throw WarrenError(.notFound, "service \(name) has no task \(task), which is one of \(found.serviceName); see: warren service ps \(name)")
    }
  }

  private func start(tty: Bool) -> Warren_V1_ExecStart {
    var start = Warren_V1_ExecStart()
    if let task { start.task = task } else { start.service = name }
    start.command = arguments
    start.env = env
    start.user = user
    start.workingDirectory = workdir
    start.tty = tty
    if tty, let size = Self.terminalSize() { start.size = size }
    return start
  }

  private static func terminalSize() -> Warren_V1_TerminalSize? {
    Terminal.size(of: .output).map { size in
      .with {
        $0.columns = UInt32(size.columns)
        $0.rows = UInt32(size.rows)
      }
    }
  }

  private enum Input: Sendable {
    case bytes([UInt8])
    case closed
    case resized
  }

  /// Keys and window sizes, until the call ends.
  private static func send(to writer: RPCWriter<Warren_V1_ExecRequest>, input: Bool, resizes: Bool) async throws {
    let (inputs, events) = AsyncStream.makeStream(of: Input.self)
    if !input { events.yield(.closed) }
    try await withThrowingDiscardingTaskGroup { group in
      if input {
        group.addTask {
          for await chunk in StandardInput.chunks() { events.yield(.bytes(chunk)) }
          events.yield(.closed)
        }
      }
      if resizes { group.addTask { for await _ in await UnixSignalsSequence(trapping: .sigwinch) { events.yield(.resized) } } }
      for await event in inputs {
        switch event {
        case .bytes(let bytes): try await writer.write(.with { $0.stdin = .init(bytes) })
        case .closed: try await writer.write(.with { $0.stdinClosed = true })
        case .resized: if let size = terminalSize() { try await writer.write(.with { $0.resize = size }) }
        }
      }
      group.cancelAll()
    }
  }

  private static func receive(_ response: StreamingClientResponse<Warren_V1_ExecResponse>) async throws -> Int32 {
    for try await message in response.messages {
      switch message.output {
      case .stdout(let bytes): Terminal.write(bytes: Array(bytes), to: .output)
      case .stderr(let bytes): Terminal.write(bytes: Array(bytes), to: .error)
      case .exitCode(let code): return code
      case nil: break
      }
    }
    throw WarrenError(.unavailable, "the connection ended before the command did; it may still run in the container")
  }
}
