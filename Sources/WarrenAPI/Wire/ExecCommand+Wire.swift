package import ClusterModel
import FoundationEssentials
import SwiftProtobuf

extension ExecCommand {
  package init(wire: Warren_V1_ExecStart) {
    self.init(arguments: wire.command)
    env = wire.env
    workingDirectory = wire.workingDirectory
    user = wire.user
    tty = wire.tty
    size = wire.hasSize ? TerminalSize(wire: wire.size) : nil
  }

  package func wire(in task: TaskID) -> Warren_V1_ExecStart {
    .with {
      $0.task = task.rawValue
      $0.command = arguments
      $0.env = env
      $0.workingDirectory = workingDirectory
      $0.user = user
      $0.tty = tty
      if let size { $0.size = size.wire }
    }
  }
}

extension TerminalSize {
  package init(wire: Warren_V1_TerminalSize) {
    self.init(columns: wire.columns, rows: wire.rows)
  }

  package var wire: Warren_V1_TerminalSize {
    var message = Warren_V1_TerminalSize()
    message.columns = columns
    message.rows = rows
    return message
  }
}

extension ExecInput {
  /// Nil for a message without input, which means nothing.
  /// - Throws: `invalidArgument` for a second `start`.
  package init?(wire: Warren_V1_ExecRequest) throws(WarrenError) {
    switch wire.input {
    case .stdin(let bytes): self = .stdin(Array(bytes))
    case .resize(let size): self = .resize(TerminalSize(wire: size))
    case .stdinClosed(let closed):
      if !closed { return nil }
      self = .stdinClosed
    case .start: throw WarrenError(.invalidArgument, "start was sent twice; it belongs in the first message only; open another call")
    case nil: return nil
    }
  }

  package var wire: Warren_V1_ExecRequest {
    var message = Warren_V1_ExecRequest()
    switch self {
    case .stdin(let bytes): message.stdin = Data(bytes)
    case .resize(let size): message.resize = size.wire
    case .stdinClosed: message.stdinClosed = true
    }
    return message
  }
}

extension ExecOutput {
  /// Nil for a message without output, which means nothing.
  package init?(wire: Warren_V1_ExecResponse) {
    switch wire.output {
    case .stdout(let bytes): self = .stdout(Array(bytes))
    case .stderr(let bytes): self = .stderr(Array(bytes))
    case .exitCode(let code): self = .exit(code)
    case nil: return nil
    }
  }

  package var wire: Warren_V1_ExecResponse {
    var message = Warren_V1_ExecResponse()
    switch self {
    case .stdout(let bytes): message.stdout = Data(bytes)
    case .stderr(let bytes): message.stderr = Data(bytes)
    case .exit(let code): message.exitCode = code
    }
    return message
  }
}
