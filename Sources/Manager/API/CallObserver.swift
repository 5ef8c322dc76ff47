import ClusterModel
import GRPCCore
import Logging
import Metrics
import WarrenAPI

/// Stands around every call: turns errors into statuses, in this one place, and counts.
struct CallObserver: ServerInterceptor {
  let logger: Logger
  /// Whether calls are being ended because the server stops.
  let isStopping: @Sendable () -> Bool

  func intercept<Input: Sendable, Output: Sendable>(
    request: StreamingServerRequest<Input>, context: ServerContext,
    next: @Sendable (StreamingServerRequest<Input>, ServerContext) async throws -> StreamingServerResponse<Output>
  ) async throws -> StreamingServerResponse<Output> {
    let call = Call(method: context.descriptor.method, start: ContinuousClock.now, logger: logger, isStopping: isStopping)
    do {
      var response = try await next(request, context)
      switch response.accepted {
      // What an interceptor behind this one lets through, gRPC has wrapped.
      case .failure(let error): throw error.code == .unknown && error.message.isEmpty ? error.cause ?? error : error
      case .success(var contents):
        contents.producer = { [producer = contents.producer] writer in
          do {
            let trailers = try await producer(writer)
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

  private struct Call: Sendable {
    let method: String
    let start: ContinuousClock.Instant
    let logger: Logger
    let isStopping: @Sendable () -> Bool

    func failed(_ error: any Error) -> RPCError {
      let answer = answer(to: error)
      ended(answer.code)
      return answer
    }

    func ended(_ code: RPCError.Code?) {
      let dimensions = [("method", method), ("code", code.map { "\($0)" } ?? "ok")]
      Counter(label: "warren_api_requests_total", dimensions: dimensions).increment()
      Timer(label: "warren_api_request_duration_seconds", dimensions: [("method", method)]).recordNanoseconds(
        (ContinuousClock.now - start).nanoseconds)
    }

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
