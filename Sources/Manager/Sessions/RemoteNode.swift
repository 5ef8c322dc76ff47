import ClusterModel
import FoundationEssentials
import GRPCCore
import SwiftProtobuf
import WarrenAPI

/// A worker on another machine, asked over its session.
struct RemoteNode: NodeOperations {
  private static let largestPiece = 1 << 20

  let node: NodeID
  let workers: ConnectedWorkers

  func logs(of task: TaskID, _ query: LogQuery) async throws -> AsyncThrowingStream<LogLine, any Error> {
    try await workers.begin(.logs(query.wire(of: task)), on: node).stream { output in
      if case .log(let entry) = output { try LogLine(wire: entry) } else { nil }
    }
  }

  func exec(in task: TaskID, _ command: ExecCommand, input: AsyncStream<ExecInput>) async throws -> AsyncThrowingStream<ExecOutput, any Error> {
    let outputs = try await workers.begin(.exec(command.wire(in: task)), on: node) { writer in
      for await part in input { try await writer.write(.with { $0.exec = part.wire }) }
    }
    return outputs.stream { output in
      if case .exec(let response) = output { ExecOutput(wire: response) } else { nil }
    }
  }

  func listImages() async throws -> [NodeImage] { try await images(try await workers.begin(.listImages(.init()), on: node)) }

  func loadImages(_ archive: AsyncThrowingStream<[UInt8], any Error>) async throws -> [NodeImage] {
    try await images(
      try await workers.begin(.loadImages(.init()), on: node) { writer in
        do {
          for try await chunk in archive {
            for start in stride(from: 0, to: chunk.count, by: Self.largestPiece) {
              try await writer.write(.with { $0.archive = Data(chunk[start..<min(start + Self.largestPiece, chunk.count)]) })
            }
          }
          try await writer.write(.with { $0.archiveEnd = true })
        } catch {
          try await writer.write(.with { $0.archiveFailure = Warren_V1_SessionError(error) })
        }
      })
  }

  private func images(_ outputs: OperationOutputs) async throws -> [NodeImage] {
    var images: [NodeImage] = []
    while let output = try await outputs.next() {
      if case .image(let image) = output { images.append(NodeImage(wire: image)) }
    }
    return images
  }

  func pullImage(_ reference: String) async throws -> AsyncThrowingStream<PullProgress, any Error> {
    try await workers.begin(.pullImage(.with { $0.reference = reference }), on: node).stream { output in
      if case .progress(let progress) = output { PullProgress(wire: progress) } else { nil }
    }
  }

  func pruneImages() async throws -> (references: [String], freedBytes: Int64) {
    let outputs = try await workers.begin(.pruneImages(.init()), on: node)
    while let output = try await outputs.next() {
      if case .pruned(let pruned) = output { return (pruned.references, pruned.freedBytes) }
    }
    throw ConnectedWorkers.lost(node)
  }
}
