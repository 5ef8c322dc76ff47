import ClusterModel
import GRPCCore
import Logging
import NIOCore
import NIOPosix
import SwiftProtobuf

extension ExecProcess {
  func call<Result: Sendable>(
    _ action: String, timeout: Duration? = .seconds(30), _ body: (ContainerdClient, Metadata, CallOptions) async throws -> Result
  ) async throws -> Result {
    try await containers.client.call("\(action) in the container \(containerID)", timeout: timeout) { metadata, options in
      try await body(containers.client, metadata, options)
    }
  }

  func startPrepared() async throws {
    try await call("start the command") { client, metadata, options in
      let request = Containerd_Services_Tasks_V1_StartRequest.with {
        $0.containerID = containerID
        $0.execID = execID
      }
      do { _ = try await client.tasks.start(request, metadata: metadata, options: options) } catch let error as RPCError {
        throw ExecRefusal(error.message) ?? error as any Error
      }
    }
  }

  /// Whether the command was not started yet.
  func isPrepared() async throws -> Bool {
    try await call("look at the command") { client, metadata, options in
      let request = Containerd_Services_Tasks_V1_GetRequest.with {
        $0.containerID = containerID
        $0.execID = execID
      }
      return try await client.tasks.get(request, metadata: metadata, options: options).process.status == .created
    }
  }

  /// - Returns: the exit code.
  func wait() async throws -> Int32 {
    while true {
      do {
        let response = try await call("wait for the command", timeout: nil) { client, metadata, options in
          let request = Containerd_Services_Tasks_V1_WaitRequest.with {
            $0.containerID = containerID
            $0.execID = execID
          }
          return try await client.tasks.wait(request, metadata: metadata, options: options)
        }
        return Int32(truncatingIfNeeded: response.exitStatus)
      } catch let error as WarrenError where error.code == .unavailable {
        // containerd restarts; the command runs on.
        try await Task.sleep(for: .milliseconds(200))
      }
    }
  }

  func resize(_ size: TerminalSize) async throws {
    try await call("resize the terminal") { client, metadata, options in
      let request = Containerd_Services_Tasks_V1_ResizePtyRequest.with {
        $0.containerID = containerID
        $0.execID = execID
        $0.width = size.columns
        $0.height = size.rows
      }
      _ = try await client.tasks.resizePty(request, metadata: metadata, options: options)
    }
  }

  /// Ends the command if it still runs, and removes its traces. Not cut short by cancellation.
  func remove() async {
    await Task {
      _ = try? await call("kill the command", timeout: .seconds(5)) { client, metadata, options in
        let request = Containerd_Services_Tasks_V1_KillRequest.with {
          $0.containerID = containerID
          $0.execID = execID
          $0.signal = UInt32(Signal.kill.number)
        }
        return try await client.tasks.kill(request, metadata: metadata, options: options)
      }
      for attempt in 1...10 {
        do {
          try await deleteProcess()
          break
        } catch let error as WarrenError where error.code == .failedPrecondition {
          // SIGKILL takes a moment.
          try? await Task.sleep(for: .milliseconds(20) * attempt)
        } catch {
          break
        }
      }
      fifos.remove()
    }.value
  }

  private func deleteProcess() async throws {
    try await call("remove the command", timeout: .seconds(10)) { client, metadata, options in
      let request = Containerd_Services_Tasks_V1_DeleteProcessRequest.with {
        $0.containerID = containerID
        $0.execID = execID
      }
      _ = try await client.tasks.deleteProcess(request, metadata: metadata, options: options)
    }
  }

  func reader(_ descriptor: Int32) async throws -> Reader {
    try await NIOPipeBootstrap(group: .singletonMultiThreadedEventLoopGroup).takingOwnershipOfDescriptor(input: descriptor) { channel in
      channel.eventLoop.makeCompletedFuture { try Reader(wrappingChannelSynchronously: channel) }
    }
  }

  func writer(_ descriptor: Int32) async throws -> any Channel {
    try await NIOPipeBootstrap(group: .singletonMultiThreadedEventLoopGroup).takingOwnershipOfDescriptor(output: descriptor).get()
  }
}
