import ClusterModel
import GRPCCore
import ServiceLifecycle
import SwiftProtobuf
import UnixSignals
import WarrenAPI

/// Waits until a rollout has come to its end, or to where it waits to be promoted, and draws the way there.
struct RolloutWait {
  let client: WarrenClient
  let timeout: Duration
  var makePrinter: @Sendable () -> ProgressPrinter = { .standardError() }

  /// - Returns: the service as it is then.
  /// - Throws: `failedPrecondition` when it was paused, rolled back or replaced by another, with the reason and the last lines of the container
  ///   that failed; `deadlineExceeded`, `cancelled` after Ctrl-C.
  @discardableResult
  func wait(for service: Warren_V1_Service) async throws -> Warren_V1_Service {
    let name = service.spec.name
    let signals = await UnixSignalsSequence(trapping: .sigint, .sigterm)
    return try await withThrowingTaskGroup(of: Warren_V1_Service?.self) { group in
      group.addTask {
        do { return try await withDeadline(timeout) { try await follow(service) } } catch is DeadlineExceeded {
          throw try await lateness(of: service)
        }
      }
      group.addTask {
        for await _ in signals {
          throw WarrenError(.cancelled, "stopped waiting for \(name); the rollout goes on; see 'warren service history \(name)'")
        }
        return nil
      }
      defer { group.cancelAll() }
      return try await group.next().flatMap(\.self) ?? service
    }
  }

  private func lateness(of service: Warren_V1_Service) async throws -> WarrenError {
    let name = service.spec.name
    let reasons = try await reasons(why: try await client.service(service.id, .defaults))
    let why = reasons.isEmpty ? "new tasks run, but not for long enough yet" : reasons.prefix(3).joined(separator: ", ")
    return WarrenError(
      .deadlineExceeded,
      "\(name) did not get there within \(DurationText.format(timeout)); \(why); the rollout goes on; see 'warren service ps \(name)'")
  }

  private func follow(_ asked: Warren_V1_Service) async throws -> Warren_V1_Service {
    var printer = makePrinter()
    defer { printer.finish() }
    var wasTold = false
    var told = Set<String>()
    while true {
      let service = try await client.service(asked.id, .defaults)
      let (rollout, name) = (service.rollout, service.spec.name)
      let isUndone = asked.rollout.kind == .update && rollout.kind == .rollback && rollout.fromRevision == asked.rollout.toRevision
      guard isUndone || rollout.startedAt == asked.rollout.startedAt else {
        throw WarrenError(
          .failedPrecondition, "another change of \(name) took over, to revision \(rollout.toRevision); see 'warren service history \(name)'")
      }
      if isUndone, !wasTold {
        wasTold = true
        printer.change("\(name): \(rollout.message); rolling back", matters: true)
        tellLastWords(of: service, &printer)
      }
      let reasons = try await reasons(why: service)
      for reason in reasons where told.insert(reason).inserted { printer.change(reason) }
      let (done, total) = (Int(service.tally.updated), Int(service.tally.desired))
      let count = "\(done)/\(total) \(isUndone ? "rolled back" : "updated")"
      printer.show(name: name, done: done, of: total, count: count, reason: reasons.first)
      switch rollout.state {
      case .completed where isUndone:
        throw WarrenError(
          .failedPrecondition, "the update of \(name) was rolled back; \(rollout.message); it is at revision \(rollout.toRevision) again")
      case .completed, .staged: return service
      case .promoted where reasons.isEmpty: return service
      case .paused:
        tellLastWords(of: service, &printer)
        let what = rollout.kind == .rollback ? "rollback" : "update"
        throw WarrenError(
          .failedPrecondition,
          "the \(what) of \(name) is paused; \(rollout.message); go on with 'warren service resume \(name)' or back with "
            + "'warren service rollback \(name)'")
      default:
        // No stream tells of a service's rollout, and one takes seconds at least: five looks a second cost less than another watch.
        try await Task.sleep(for: .milliseconds(200))
      }
    }
  }

  /// Why new tasks do not do what they should yet: no room, an image that takes its time, a restart, ports that do not lead to them.
  private func reasons(why service: Warren_V1_Service) async throws -> [String] {
    let tasks = try await client.allTasks(service: service.id, currentOnly: true, .defaults)
    let wanted = tasks.filter { $0.desiredState == .running && $0.revision == service.revision }
    return wanted.filter { !$0.status.isUp || $0.standby != $0.status.standby }.map {
      "\($0.displayName): \($0.status.words)"
    }
  }

  /// What the log of the task that failed last said, as it was kept with the rollout.
  private func tellLastWords(of service: Warren_V1_Service, _ printer: inout ProgressPrinter) {
    let rollout = service.rollout
    let name = rollout.message.split(separator: " ", maxSplits: 1).first ?? ""
    for line in rollout.lastLines { printer.change("  \(name) | \(line)", matters: true) }
  }
}
