package import ClusterModel
import Containerd
import HealthProbes
import OCI

extension ContainerdRuntime {
  package func publish(_ container: TaskContainer, _ isPublished: Bool) async throws {
    guard isPublished else {
      try await network.withdraw(container.id)
      return
    }
    try await network.publish(container.id, address: container.task.status.address, ports: container.task.spec.ports)
  }

  package func probe(_ container: TaskContainer, _ check: HealthCheck) async throws -> ProbeOutcome {
    if case .exec(let command) = check.probe { return try await probe(container, command, within: check.timeout) }
    guard let question = NetworkProbe.Question(check.probe) else {
      return ProbeOutcome(isSuccess: false, output: "this node does not know this check")
    }
    let isShared = container.task.spec.network == .host
    // As clients reach it; else as only its own processes do.
    let addresses = [container.task.status.address, "127.0.0.1", "::1"].filter { !$0.isEmpty }
    return try await NetworkProbe().run(
      question, in: isShared ? nil : network.namespacePath(container.id), at: addresses, timeout: check.timeout)
  }

  /// What the command writes is read until it is enough for a person.
  private func probe(_ container: TaskContainer, _ command: [String], within limit: Duration) async throws -> ProbeOutcome {
    do {
      return try await withDeadline(limit) {
        var output: [UInt8] = []
        for try await part in try await self.containerStore.exec(
          in: container.id, ExecCommand(arguments: command), input: AsyncStream { $0.finish() })
        {
          switch part {
          case .stdout(let bytes), .stderr(let bytes): output += bytes.prefix(ProbeOutcome.longestOutput - output.count)
          case .exit(0): return ProbeOutcome(isSuccess: true, output: "")
          case .exit(let code):
            let words = ProbeOutcome.line(String(decoding: output, as: UTF8.self))
            return ProbeOutcome(isSuccess: false, output: words.isEmpty ? "\(command[0]) exited with \(code)" : "exited with \(code): \(words)")
          }
        }
        return ProbeOutcome(isSuccess: false, output: "\(command[0]) ended without an exit code")
      }
    } catch is DeadlineExceeded {
      return ProbeOutcome(isSuccess: false, output: "\(command[0]) took longer than \(limit)")
    } catch let error as WarrenError where !isAbsence(error) {
      return ProbeOutcome(isSuccess: false, output: ProbeOutcome.line(error.message))
    }
  }
}

extension PreparedImage {
  /// Docker's `HEALTHCHECK`, with its defaults (https://docs.docker.com/reference/dockerfile/#healthcheck); nil when there is none.
  var healthCheck: HealthCheck? {
    guard let test = config.healthcheck?.test, let kind = test.first else { return nil }
    let command: [String]
    switch kind {
    case "CMD": command = Array(test.dropFirst())
    case "CMD-SHELL": command = ["/bin/sh", "-c", test.dropFirst().joined(separator: " ")]
    default: return nil
    }
    var check = HealthCheck(.exec(command))
    func time(_ nanoseconds: Int64?, or usual: Duration) -> Duration { nanoseconds.flatMap { $0 > 0 ? .nanoseconds($0) : nil } ?? usual }
    check.interval = time(config.healthcheck?.interval, or: .seconds(30))
    check.timeout = time(config.healthcheck?.timeout, or: .seconds(30))
    check.startPeriod = time(config.healthcheck?.startPeriod, or: .zero)
    check.startInterval = time(config.healthcheck?.startInterval, or: .seconds(5))
    check.retries = config.healthcheck?.retries.flatMap { $0 > 0 ? $0 : nil } ?? 3
    // Not the user's words, so nothing to complain about: one that cannot be is as none.
    return (try? check.validate("image")) == nil ? nil : check
  }
}
