import ClusterModel
import GRPCCore
import Logging
import Metrics
import WarrenAPI

/// Stands around every call: turns errors into statuses, in this one place, and counts.
struct CallObserver: ServerInterceptor {
  let logger: Logger

  func intercept<Input: Sendable, Output: Sendable>(
    request: StreamingServerRequest<Input>, context: ServerContext,
    next: @Sendable (StreamingServerRequest<Input>, ServerContext) async throws -> StreamingServerResponse<Output>
  ) async throws -> StreamingServerResponse<Output> {
    let call = Call(method: context.descriptor.method, start: ContinuousClock.now, logger: logger)
    do {
      var response = try await next(request, context)
      switch response.accepted {
      case .failure(let error): throw error
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
      case let error as WarrenError:
        if error.code == .internalError || error.code == .dataLoss {
          logger.error("api.failed", metadata: ["method": "\(method)", "error": "\(error)"])
        }
        return RPCError(error)
      case let error as RPCError: return error
      case is CancellationError:
        return RPCError(WarrenError(.cancelled, "\(method) was cancelled; the client left or the manager is stopping; try again"))
      default:
        // What an unforeseen error says may not be meant for the caller.
        logger.error("api.failed", metadata: ["method": "\(method)", "error": "\(error)"])
        return RPCError(WarrenError(.internalError, "\(method) failed unexpectedly; the manager's log says why; look there, then try again"))
      }
    }
  }
}
