package import ClusterModel
import FoundationEssentials
import Logging
import OCI
import SwiftProtobuf

extension Containers {
  /// Runs a command in a running container.
  ///
  /// - Parameter input: ends, or says `.stdinClosed`, when the command's stdin ends.
  /// - Returns: its output as it comes; `.exit` is last, with 127 when there is no such program and 126 when it cannot be run. A reader that
  ///   stops early ends the command with SIGKILL.
  /// - Throws: `WarrenError` when there is nothing to run it in: the container does not run; or when there is no such user.
  package func exec(
    in id: String, _ command: ExecCommand, input: AsyncStream<ExecInput>
  ) async throws -> AsyncThrowingStream<ExecOutput, any Error> {
    guard !command.arguments.isEmpty else { throw WarrenError(.invalidArgument, "no command to run was given; name a program") }
    let process = try await execProcess(id, command)
    let execID = "exec-" + Identifier<ExecCommand>.random().rawValue
    let exec = ExecProcess(
      containers: self, containerID: id, execID: execID, hasTerminal: command.tty,
      fifos: try ExecFIFOs(directory: "\(configuration.runDirectory)/exec/\(execID)", hasErrorStream: !command.tty))
    do {
      // Not cut short by cancellation: a command whose output nobody takes while it starts holds up all that is asked of its container.
      let streams = try await ContainerdClient.finishing { try await exec.start(process, size: command.size) }
      return exec.run(streams, input: input)
    } catch {
      await exec.remove()
      if let refusal = error as? ExecRefusal { return refusal.output }
      throw error
    }
  }

  /// Removes what commands of an earlier run of Warren have left.
  package func cleanUp() {
    let directory = configuration.runDirectory + "/exec"
    try? FileManager.default.removeItem(atPath: directory)
  }

  /// The container's own process with the command's differences.
  private func execProcess(_ id: String, _ command: ExecCommand) async throws -> RuntimeSpec.Process {
    let container = try await record(id)
    var process = try JSONDecoder().decode(RuntimeSpec.self, from: container.spec.value).process
    process.args = command.arguments
    process.terminal = command.tty
    process.consoleSize = command.size.map { .init(height: $0.rows, width: $0.columns) }
    if !command.workingDirectory.isEmpty { process.cwd = command.workingDirectory }
    if !command.user.isEmpty {
      let mounts = try await client.call("find the files of the container \(id)") { metadata, options in
        let request = Containerd_Services_Snapshots_V1_MountsRequest.with {
          $0.snapshotter = container.snapshotter
          $0.key = container.snapshotKey
        }
        return try await client.snapshots.mounts(request, metadata: metadata, options: options).mounts
      }
      let files = LayeredFiles(mounts)
      let users = ImageUsers(passwd: files.text("/etc/passwd"), group: files.text("/etc/group"))
      let resolved = try users.resolve(command.user)
      process.user = resolved.user
      process.env = process.env.merged(with: ["HOME=" + (resolved.home ?? "/")])
    }
    process.env = process.env.merged(with: (command.tty ? ["TERM=xterm"] : []) + command.env)
    return process
  }
}
