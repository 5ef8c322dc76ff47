import ClusterModel
import GRPCCore
import Logging
import Metrics
import NIOConcurrencyHelpers
import WarrenAPI

/// Stands around every call: takes it off the event loop of its connection, turns errors into statuses, in this one place, and counts.
struct CallObserver: ServerInterceptor {
  let logger: Logger
  /// Whether calls are being ended because the server stops.
  let isStopping: @Sendable () -> Bool
  private let metrics = CallMetrics()

  init(logger: Logger, isStopping: @escaping @Sendable () -> Bool) {
    self.logger = logger
    self.isStopping = isStopping
  }

  func intercept<Input: Sendable, Output: Sendable>(
    request: StreamingServerRequest<Input>, context: ServerContext,
    next: @Sendable (StreamingServerRequest<Input>, ServerContext) async throws -> StreamingServerResponse<Output>
  ) async throws -> StreamingServerResponse<Output> {
    let call = Call(method: context.descriptor.method, start: ContinuousClock.now, metrics: metrics, logger: logger, isStopping: isStopping)
    do {
      var response = try await offTheLoop { try await next(request, context) }
      switch response.accepted {
      // What an interceptor behind this one lets through, gRPC has wrapped.
      case .failure(let error): throw error.code == .unknown && error.message.isEmpty ? error.cause ?? error : error
      case .success(var contents):
        contents.producer = { [producer = contents.producer] writer in
          do {
            let trailers = try await offTheLoop { try await producer(writer) }
            call.ended(nil)
            return trailers
          } catch {
            throw call.failed(error)
          }
        }
        response.accepted = .success(contents)
        return response
      }
    } catch {
      throw call.failed(error)
    }
  }

  private func offTheLoop<Result>(_ body: () async throws -> Result) async throws -> Result {
    try await withTaskExecutorPreference(globalConcurrentExecutor, operation: body)
  }

  private struct Call: Sendable {
    let method: String
    let start: ContinuousClock.Instant
    let metrics: CallMetrics
    let logger: Logger
    let isStopping: @Sendable () -> Bool

    func failed(_ error: any Error) -> RPCError {
      let answer = answer(to: error)
      ended(answer.code)
      return answer
    }

    func ended(_ code: RPCError.Code?) { metrics.ended(method, code, after: ContinuousClock.now - start) }

    private func answer(to error: any Error) -> RPCError {
      switch error {
      case let error as WarrenError where error.code == .internalError || error.code == .dataLoss:
        return RPCError(WarrenError(error.code, "\(error.message) (in the manager's log: call \(logged(error)))"))
      case let error as WarrenError: return RPCError(error)
      case let error as RPCError: return error
      case is CancellationError where isStopping(): return RPCError(ManagerAPI.stopping)
      case is CancellationError: return RPCError(WarrenError(.cancelled, "\(method) was cancelled; the client left or its time was up; try again"))
      default:
        return RPCError(
          WarrenError(
            .internalError, "\(method) failed unexpectedly; the manager's log says why; look for call \(logged(error)) there, then try again"))
      }
    }

    /// What such an error says, or what caused it, may not be meant for the caller: the log gets it all, the caller what finds it there.
    private func logged(_ error: any Error) -> String {
      let reference = Identifier<Call>.random().rawValue
      logger.error("api.failed", metadata: ["call": "\(reference)", "method": "\(method)", "error": "\(error)"])
      return reference
    }
  }
}

/// Kept once they were needed: the registry would look for them by their names and dimensions at each call.
private final class CallMetrics: Sendable {
  private struct Outcome: Hashable {
    var method: String
    var code: RPCError.Code?
  }

  private struct Known {
    var counters: [Outcome: Counter] = [:]
    var timers: [String: Timer] = [:]

    mutating func counter(of outcome: Outcome) -> Counter {
      if let counter = counters[outcome] { return counter }
      let dimensions = [("method", outcome.method), ("code", outcome.code.map { "\($0)" } ?? "ok")]
      let counter = Counter(label: "warren_api_requests_total", dimensions: dimensions)
      counters[outcome] = counter
      return counter
    }

    mutating func timer(of method: String) -> Timer {
      if let timer = timers[method] { return timer }
      let timer = Timer(label: "warren_api_request_duration_seconds", dimensions: [("method", method)])
      timers[method] = timer
      return timer
    }
  }

  private let known = NIOLockedValueBox(Known())

  func ended(_ method: String, _ code: RPCError.Code?, after duration: Duration) {
    let (counter, timer) = known.withLockedValue { known in
      (known.counter(of: Outcome(method: method, code: code)), known.timer(of: method))
    }
    counter.increment()
    timer.recordNanoseconds(duration.nanoseconds)
  }
}
