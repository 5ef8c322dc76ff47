import ClusterModel
package import GRPCCore
package import WarrenAPI

extension ManagerAPI {
  package func exec(
    request: RPCAsyncSequence<Warren_V1_ExecRequest, any Error>, response: RPCWriter<Warren_V1_ExecResponse>, context: ServerContext
  ) async throws {
    try await context.whileConnected {
      let requests = SerialIterator<RPCAsyncSequence<Warren_V1_ExecRequest, any Error>>(request.makeAsyncIterator())
      guard case .start(let start) = try await requests.next()?.input else {
        throw WarrenError(.invalidArgument, "the call does not begin with start; it says what to run and where; send it first")
      }
      let command = try Self.command(start)
      let task = try Self.target(of: start, in: try await currentView())
      // A client that breaks the rules in the middle is taken to have closed its end.
      let input = AsyncStream<ExecInput> {
        while let message = try? await requests.next() {
          if let input = try? ExecInput(wire: message) { return input }
          if case .start = message.input { return nil }
        }
        return nil
      }
      let node = try operations(on: task.nodeID ?? identity.node, for: "the container of \(task.displayName)")
      for try await output in try await node.exec(in: task.id, command, input: input) { try await response.write(output.wire) }
    }
  }

  private static func command(_ start: Warren_V1_ExecStart) throws(WarrenError) -> ExecCommand {
    if start.command.isEmpty || start.command[0].isEmpty {
      throw WarrenError(.invalidArgument, "no command is given; there is nothing to run; name a program of the container after --")
    }
    if let bad = start.env.first(where: { !$0.contains("=") || $0.hasPrefix("=") }) {
      throw WarrenError(.invalidArgument, "environment variable \(bad.quoted) is not valid; it is not of the form KEY=VALUE; write it so")
    }
    if ([start.workingDirectory, start.user] + start.command + start.env).contains(where: { $0.utf8.contains(0) }) {
      throw WarrenError(.invalidArgument, "the command is not valid; a text in it contains a NUL byte; remove it")
    }
    return ExecCommand(wire: start)
  }

  private static func target(of start: Warren_V1_ExecStart, in view: StoreView) throws(WarrenError) -> ClusterTask {
    if start.task.isEmpty == start.service.isEmpty {
      throw WarrenError(.invalidArgument, "it is not clear where to run the command; exactly one of task and service is needed; give one of the two")
    }
    if start.service.isEmpty {
      let task = try view.findTask(start.task)
      if task.status.state == .running { return task }
      let why = task.status.message.isEmpty ? "" : " (\(task.status.message))"
      throw WarrenError(
        .failedPrecondition, "task \(task.displayName) is not running; it is \(task.status.state)\(why); see: warren task inspect \(task.id)")
    }
    let service = try view.findService(start.service)
    let running = view.tasks(ofService: service.id).filter { $0.status.state == .running && $0.desiredState == .running }
    guard let task = running.min(by: { $0.listingKey < $1.listingKey }) else {
      throw WarrenError(
        .failedPrecondition,
        "service \(service.spec.name) has no running task; there is nothing to run the command in; see: warren service ps \(service.spec.name)")
    }
    return task
  }
}
