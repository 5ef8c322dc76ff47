import ArgumentParser
import ClusterModel
import WarrenAPI

/// Waits until each of several services is what it is to be, all at the same time, with a line of progress each.
struct ApplyWait {
  let client: WarrenClient
  let timeout: Duration

  /// - Parameter done: told of each that came to it.
  /// - Throws: why the first of those did not come to it that did not, when all have been waited for; what kept the others is printed.
  func wait(for results: [ApplyResult], done: @escaping @Sendable (ApplyResult) -> Void) async throws {
    let board = ProgressBoard.standardError(count: results.count)
    let outcomes = await withTaskGroup(of: (Int, Outcome).self) { group in
      for (index, result) in results.enumerated() {
        group.addTask {
          let makePrinter: @Sendable () -> ProgressPrinter = {
            results.count == 1 ? .standardError() : ProgressPrinter(on: board, at: index)
          }
          do {
            return (index, .success(try await wait(for: result, makePrinter)))
          } catch { return (index, .failure(Failure(error))) }
        }
      }
      return await group.reduce(into: [Int: Outcome]()) { $0[$1.0] = $1.1 }
    }
    var failures: [Failure] = []
    for index in results.indices {
      switch outcomes[index] {
      case .success(let result)?: done(result)
      case .failure(let failure)?: failures.append(failure)
      case nil: break
      }
    }
    try Self.report(failures)
  }

  private typealias Outcome = Result<ApplyResult, Failure>

  private struct Failure: Error {
    let message: String
    let code: Int32
    let error: any Error

    init(_ error: any Error) {
      self.error = error
      let outcome = ExitCodes.outcome(of: error, root: WarrenCommand.self)
      (message, code) = (outcome.message ?? "", outcome.code)
    }
  }

  private static func report(_ failures: [Failure]) throws {
    guard let first = failures.first else { return }
    if failures.count == 1 { throw first.error }
    if failures.allSatisfy({ $0.code == ExitCodes.interrupted }) {
      throw WarrenError(.cancelled, "stopped waiting; all services stay as declared and go on converging; see 'warren service list'")
    }
    for failure in failures { Terminal.note(failure.message) }
    throw ExitCode(first.code)
  }

  private func wait(for result: ApplyResult, _ makePrinter: @escaping @Sendable () -> ProgressPrinter) async throws -> ApplyResult {
    let service = result.service
    if result.isRolling {
      return result.followed(by: try await RolloutWait(client: client, timeout: timeout, makePrinter: makePrinter).wait(for: service))
    }
    let replicas = service.spec.isGlobal ? nil : Int(service.spec.replicated.replicas)
    try await ConvergenceWait(client: client, serviceID: service.id, timeout: timeout, makePrinter: makePrinter)
      .wait(for: ServiceProgress(name: service.spec.name, goal: .running(replicas: replicas)))
    return result
  }
}
