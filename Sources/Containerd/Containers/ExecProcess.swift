import ClusterModel
import FoundationEssentials
import GRPCCore
import NIOCore
import NIOPosix
import OCI
import SwiftProtobuf

/// A command in a container, from its start to its removal.
struct ExecProcess: Sendable {
  typealias Reader = NIOAsyncChannel<ByteBuffer, Never>

  struct Streams: Sendable {
    var stdin: any Channel
    var stdout: Reader
    /// Nil with a terminal, which has one stream only.
    var stderr: Reader?
  }

  let containers: Containers
  let containerID: String
  let execID: String
  let hasTerminal: Bool
  let fifos: ExecFIFOs

  /// Output of processes the command left behind is waited for this long.
  private static let drainLimit = Duration.seconds(2)

  func start(_ process: RuntimeSpec.Process, size: TerminalSize?) async throws -> Streams {
    let streams = Streams(
      stdin: try await writer(fifos.openForWriting()), stdout: try await reader(fifos.openForReading(fifos.stdout)),
      stderr: fifos.hasErrorStream ? try await reader(fifos.openForReading(fifos.stderr)) : nil)
    do {
      try await start(process)
    } catch {
      // A command that cannot be started leaves nobody who would close them.
      for channel in [streams.stdin, streams.stdout.channel, streams.stderr?.channel] { channel?.close(promise: nil) }
      throw error
    }
    if hasTerminal, let size { try? await resize(size) }
    return streams
  }

  private func start(_ process: RuntimeSpec.Process) async throws {
    let spec = try Google_Protobuf_Any.with {
      $0.typeURL = SpecType.process
      $0.value = try JSONEncoder().encode(process)
    }
    try await call("prepare the command") { client, metadata, options in
      let request = Containerd_Services_Tasks_V1_ExecProcessRequest.with {
        $0.containerID = containerID
        $0.execID = execID
        $0.stdin = fifos.stdin
        $0.stdout = fifos.stdout
        $0.stderr = fifos.stderr
        $0.terminal = hasTerminal
        $0.spec = spec
      }
      _ = try await client.tasks.exec(request, metadata: metadata, options: options)
    }
    do {
      try await startPrepared()
    } catch let error as WarrenError where error.code == .unavailable {
      // containerd restarts, and whether it was asked before it ended is not known: the command would say so.
      guard try await isPrepared() else { return }
      try await startPrepared()
    }
  }

  func run(_ streams: Streams, input: AsyncStream<ExecInput>) -> AsyncThrowingStream<ExecOutput, any Error> {
    let (stream, continuation) = AsyncThrowingStream.makeStream(of: ExecOutput.self)
    let task = Task {
      do {
        let code = try await withTaskCancellationHandler {
          try await copy(streams, input: input, to: continuation)
        } onCancel: {
          streams.stdin.close(promise: nil)
        }
        await remove()
        continuation.yield(.exit(code))
        continuation.finish()
      } catch {
        await remove()
        continuation.finish(throwing: error)
      }
    }
    continuation.onTermination = { reason in
      if case .cancelled = reason { task.cancel() }
    }
    return stream
  }

  /// - Returns: the exit code.
  private func copy(
    _ streams: Streams, input: AsyncStream<ExecInput>, to output: AsyncThrowingStream<ExecOutput, any Error>.Continuation
  ) async throws -> Int32 {
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask { try await feed(input, to: streams.stdin) }
      async let code = wait()
      async let drained: Void = withThrowingTaskGroup(of: Void.self) { readers in
        readers.addTask { try await read(streams.stdout) { output.yield(.stdout($0)) } }
        if let stderr = streams.stderr { readers.addTask { try await read(stderr) { output.yield(.stderr($0)) } } }
        try await readers.waitForAll()
      }
      let result = try await code
      group.cancelAll()
      // A write that waits for a reader would wait for ever now.
      streams.stdin.close(promise: nil)
      let limit = Task {
        try await Task.sleep(for: Self.drainLimit)
        for channel in [streams.stdout.channel, streams.stderr?.channel] { try? await channel?.close() }
      }
      try? await drained
      limit.cancel()
      return result
    }
  }

  private func feed(_ input: AsyncStream<ExecInput>, to stdin: any Channel) async throws {
    events: for await event in input {
      switch event {
      // Waits until it is in the pipe: what is not would be lost at the end.
      case .stdin(let bytes): try? await stdin.writeAndFlush(ByteBuffer(bytes: bytes))
      case .resize(let size): try? await resize(size)
      case .stdinClosed: break events
      }
    }
    try? await stdin.close()
    // Cancelled means the command has ended.
    try Task.checkCancellation()
    try await call("close the command's input") { client, metadata, options in
      let request = Containerd_Services_Tasks_V1_CloseIORequest.with {
        $0.containerID = containerID
        $0.execID = execID
        $0.stdin = true
      }
      _ = try await client.tasks.closeIO(request, metadata: metadata, options: options)
    }
    for await case .resize(let size) in input { try? await resize(size) }
  }

  private func read(_ channel: Reader, _ handle: @Sendable ([UInt8]) -> Void) async throws {
    try await channel.executeThenClose { inbound, _ in
      for try await buffer in inbound { handle(Array(buffer: buffer)) }
    }
  }
}
