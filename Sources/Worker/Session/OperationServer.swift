import ClusterModel
import FoundationEssentials
import GRPCCore
import Logging
import SwiftProtobuf
import WarrenAPI

/// Does what a manager asks of this node beyond assignments, each in a call of its own.
struct OperationServer: Sendable {
  private typealias Inputs = SerialIterator<RPCAsyncSequence<Warren_V1_OperationInput, any Error>>
  private typealias Writer = RPCWriter<Warren_V1_OperationOutput>

  /// Nil before the node knows what it has.
  let operations: (any NodeOperations)?
  /// As which images are listed.
  let node: NodeID
  let logger: Logger

  /// - Parameter over: ends when the manager needs nothing more.
  func perform(_ start: Warren_V1_OperationStart, over: AsyncStream<Never>, _ stub: ManagerLink.Stub) async {
    let (inputs, arrival) = AsyncStream<Inputs>.makeStream()
    do {
      try await stub.operate { writer in
        try await writer.write(.with { $0.number = start.number })
        do {
          try await run(start, inputs, writer)
          try await writer.write(.with { $0.end = true })
        } catch {
          try await writer.write(.with { $0.failure = Warren_V1_SessionError(error) })
        }
      } onResponse: { response in
        arrival.yield(Inputs(response.messages.makeAsyncIterator()))
        arrival.finish()
        // What this returns on ends the call: not before the manager has read all that it wants.
        for await _ in over {}
      }
    } catch {
      // A manager that is gone, or no longer interested, is the usual reason; it knows.
      logger.debug("operation.cut-off", metadata: ["operation": "\(start.number)", "error": "\(error)"])
    }
  }

  private func run(_ start: Warren_V1_OperationStart, _ inputs: AsyncStream<Inputs>, _ writer: Writer) async throws {
    guard let operations else { throw WarrenError(.unavailable, "node \(node) is starting; it can not be asked for anything yet; try again") }
    switch start.request {
    case .logs(let logs):
      let lines = try await operations.logs(of: TaskID(logs.task), LogQuery(wire: logs))
      try await started(writer)
      for try await line in lines { try await writer.write(.with { $0.log = line.wire }) }
    case .exec(let exec):
      let outputs = try await operations.exec(in: TaskID(exec.task), ExecCommand(wire: exec), input: Self.input(try await Self.first(inputs)))
      try await started(writer)
      for try await output in outputs { try await writer.write(.with { $0.exec = output.wire }) }
    case .listImages:
      try await started(writer)
      try await write(try await operations.listImages(), writer)
    case .loadImages:
      try await started(writer)
      try await write(try await operations.loadImages(Self.archive(try await Self.first(inputs))), writer)
    case .pullImage(let pull):
      let progress = try await operations.pullImage(pull.reference)
      try await started(writer)
      for try await step in progress { try await writer.write(.with { $0.progress = step.wire(on: node) }) }
    case .pruneImages:
      try await started(writer)
      let (references, freed) = try await operations.pruneImages()
      try await writer.write(
        .with {
          $0.pruned.references = references
          $0.pruned.freedBytes = freed
        })
    case nil:
      throw WarrenError(.unimplemented, "node \(node) cannot do what it was asked for; its version of Warren does not know it; upgrade Warren there")
    }
  }

  private func started(_ writer: Writer) async throws { try await writer.write(.with { $0.started = true }) }

  private func write(_ images: [NodeImage], _ writer: Writer) async throws {
    for image in images { try await writer.write(.with { $0.image = image.wire(on: node) }) }
  }

  private static func first(_ inputs: AsyncStream<Inputs>) async throws -> Inputs {
    for await input in inputs { return input }
    throw CancellationError()
  }

  private static func input(_ inputs: Inputs) -> AsyncStream<ExecInput> {
    AsyncStream {
      while let message = try? await inputs.next() {
        if case .exec(let request) = message.input, let input = try? ExecInput(wire: request) { return input }
      }
      return nil
    }
  }

  private static func archive(_ inputs: Inputs) -> AsyncThrowingStream<[UInt8], any Error> {
    AsyncThrowingStream {
      while let message = try await inputs.next() {
        switch message.input {
        case .archive(let bytes): return Array(bytes)
        case .archiveEnd: return nil
        case .archiveFailure(let error): throw WarrenError(wire: error)
        case .exec, nil: continue
        }
      }
      throw WarrenError(.unavailable, "the archive was cut off; nothing of it was loaded; send it again")
    }
  }
}
