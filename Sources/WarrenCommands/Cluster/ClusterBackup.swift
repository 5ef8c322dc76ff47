import ArgumentParser
import ClusterModel
import GRPCCore
import Manager
import SwiftProtobuf
import Synchronization
import WarrenAPI

struct ClusterBackup: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "backup", abstract: "Write the cluster's state and keys into a file, from which it can be restored.",
    discussion: example(
      "warren cluster backup /backup/warren-$(date +%F)", "warren cluster backup - | age -r age1… >backup.age",
      note:
        "Any manager will do, and nothing stops meanwhile. Whoever has the file has the cluster: its authority's key is in it, in clear. "
        + "It is readable by its owner only; with - it goes to standard output, to be encrypted. With --stale also without a quorum."))

  @Argument(help: "The file, which must not be there yet, or - for standard output.", completion: .file()) var file: String
  @OptionGroup var options: GlobalOptions

  func run() async throws {
    if file == "-" {
      if Terminal.Stream.output.isTerminal {
        throw WarrenError(.invalidArgument, "a backup is not for a terminal; name a file, or pipe it into a program")
      }
      _ = try await receive { Terminal.write(bytes: $0) }
      return
    }
    let target = try NewFile(PathText.parse(file))
    let backup: Backup
    do {
      backup = try await receive { try target.write($0) }
      try target.finish()
    } catch {
      target.discard()
      throw error
    }
    Terminal.write(Self.text(backup, file, size: target.size))
  }

  /// - Returns: what has come, without its state.
  private func receive(_ take: @escaping @Sendable ([UInt8]) throws -> Void) async throws -> Backup {
    let reader = Mutex(BackupReader("what came from the manager", keepsState: false))
    return try await options.withClient { client in
      try await client.stream { stub in
        try await stub.backupCluster(.init(), options: options.streamOptions) { response in
          for try await message in response.messages {
            let piece = Array(message.data)
            try reader.withLock { try $0.add(piece) }
            try take(piece)
          }
        }
      }
      return try reader.withLock { try $0.finish() }
    }
  }

  static func text(_ backup: Backup, _ file: String, size: Int) -> String {
    """
    ✓ Backup written: \(file)
      Cluster ID: \(backup.header.clusterID)
      Made by: \(backup.header.nodeID)
      Up to entry: \(backup.header.index)
      Size: \(ByteCount.text(Int64(size)))

    It has the cluster's keys in it: keep it where nobody else can read it, and not on the managers.
    To restore it, on a new machine: warren cluster restore \(file)

    """
  }
}
