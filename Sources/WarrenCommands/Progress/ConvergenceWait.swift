import ClusterModel
import GRPCCore
import ServiceLifecycle
import SwiftProtobuf
import UnixSignals
import WarrenAPI

/// Waits until a service is as it was asked to be, and draws the way there.
struct ConvergenceWait {
  private enum Input: Sendable {
    case change(Warren_V1_WatchTasksResponse)
    case tick
    case interrupted
    case timedOut
    case ended
    case failed(any Error)
  }

  let client: WarrenClient
  let serviceID: String
  let timeout: Duration
  var makePrinter: @Sendable () -> ProgressPrinter = { .standardError() }

  /// Throws `deadlineExceeded` (with the reasons), `cancelled` after Ctrl-C, `internalError` when a task has given up.
  func wait(for start: ServiceProgress) async throws {
    var progress = start
    var printer = makePrinter()
    defer { printer.finish() }
    var logged = Set<String>()
    var settling: Task<Void, any Error>?
    defer { settling?.cancel() }
    let signals = await UnixSignalsSequence(trapping: .sigint, .sigterm)
    try await withThrowingTaskGroup(of: Void.self) { group in
      let (inputs, send) = AsyncStream.makeStream(of: Input.self)
      group.addTask {
        do { try await watch(send) } catch { send.yield(.failed(error)) }
      }
      group.addTask {
        while true {
          try await Task.sleep(for: .milliseconds(500))
          send.yield(.tick)
        }
      }
      group.addTask { for await _ in signals { send.yield(.interrupted) } }
      group.addTask {
        try await Task.sleep(for: timeout)
        send.yield(.timedOut)
      }
      defer { group.cancelAll() }
      for await input in inputs {
        switch input {
        case .change(let change):
          if let task = progress.apply(change, now: TimeText.now()) { await report(task, &printer, &logged) }
        case .tick: if progress.lacksReason { await tellWaiting(&progress, &printer) }
        case .ended: return
        case .failed(let error): throw error
        case .interrupted: throw interruption(progress)
        case .timedOut: throw timeoutError(progress)
        }
        let now = TimeText.now()
        if progress.synced { draw(progress, now: now, &printer) }
        settling?.cancel()
        if progress.isConverged(now: now) {
          let left = progress.settling(now: now)
          if left <= .zero { return }
          settling = Task {
            try await Task.sleep(for: left)
            send.yield(.tick)
          }
        }
        if let task = progress.givenUp { throw gaveUp(task) }
      }
    }
  }

  /// Follows the tasks; a lost connection is taken up again, since the watch starts with everything there is.
  private func watch(_ send: AsyncStream<Input>.Continuation) async throws {
    var request = Warren_V1_WatchTasksRequest()
    request.service = serviceID
    while !Task.isCancelled {
      do {
        try await client.stream { [request] stub in
          try await stub.watchTasks(request) { response in for try await change in response.messages { send.yield(.change(change)) } }
        }
      } catch let error where ErrorKind(error) == .notFound {
        send.yield(.ended)
        return
      } catch let error where ErrorKind(error) == .unavailable {}
      // The daemon may be restarting.
      try await Task.sleep(for: .milliseconds(300))
    }
  }

  /// Without tasks the watch says nothing.
  private func tellWaiting(_ progress: inout ServiceProgress, _ printer: inout ProgressPrinter) async {
    var options = CallOptions.defaults
    options.timeout = .seconds(2)
    guard let service = try? await client.service(serviceID, options), service.waitingFor != progress.waitingFor else { return }
    progress.waitingFor = service.waitingFor
    if !service.waitingFor.isEmpty { printer.change("\(progress.name): \(service.waitingWords)") }
  }

  private func draw(_ progress: ServiceProgress, now: Google_Protobuf_Timestamp, _ printer: inout ProgressPrinter) {
    let reason = progress.reasons(now: now).first
    if progress.goal == .gone {
      let left = progress.tasks.count
      printer.show(name: progress.name, done: 0, of: left, count: "\(left) \(left == 1 ? "task" : "tasks") left", reason: reason)
    } else {
      let (running, desired) = (progress.running(now: now), progress.desired)
      printer.show(name: progress.name, done: running, of: desired, count: "\(running)/\(desired) running", reason: reason)
    }
  }

  /// Tells what happened to a task; the first time its container ends, with the last lines it wrote.
  private func report(_ task: Warren_V1_Task, _ printer: inout ProgressPrinter, _ logged: inout Set<String>) async {
    let troubled = task.desiredState == .running && [.waiting, .failed, .rejected].contains(task.status.state)
    if !task.status.isUp { printer.change("\(task.displayName): \(task.status.words)", matters: troubled) }
    guard troubled, task.status.hasLastExit, logged.insert(task.id).inserted else { return }
    var request = Warren_V1_ServiceLogsRequest()
    request.task = task.id
    request.tail = 5
    var options = CallOptions.defaults
    options.timeout = .seconds(2)
    let lines = try? await client.stream { [request, options] stub in
      try await stub.serviceLogs(request, options: options) { response in
        try await response.messages.reduce(into: [String]()) { $0.append(String(decoding: $1.line, as: UTF8.self)) }
      }
    }
    for line in lines ?? [] { printer.change("  \(task.displayName) | \(line)", matters: true) }
  }

  private func interruption(_ progress: ServiceProgress) -> WarrenError {
    let rest = progress.goal == .gone ? "the service goes on being deleted" : "the service stays as declared and goes on converging"
    return WarrenError(.cancelled, "stopped waiting for \(progress.name); \(rest); see 'warren service ps \(progress.name)'")
  }

  private func timeoutError(_ progress: ServiceProgress) -> WarrenError {
    let reasons = progress.reasons(now: TimeText.now())
    let why = reasons.isEmpty ? "nothing was reported" : reasons.prefix(3).joined(separator: ", ")
    let state = progress.goal == .gone ? "\(progress.tasks.count) tasks left" : "\(progress.running(now: TimeText.now()))/\(progress.desired) running"
    return WarrenError(
      .deadlineExceeded,
      "\(progress.name) did not get there within \(DurationText.format(timeout)) (\(state)); \(why); it goes on, see 'warren service ps \(progress.name)'"
    )
  }

  private func gaveUp(_ task: Warren_V1_Task) -> WarrenError {
    WarrenError(
      .internalError,
      "\(task.displayName) failed and its restart policy allows no further attempt; \(task.status.message); see 'warren service logs \(task.serviceName)'"
    )
  }
}
