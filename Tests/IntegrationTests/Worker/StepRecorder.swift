import Logging
import NIOConcurrencyHelpers
import TestKit

/// Takes what is logged of a worker for the steps it takes: everything it has done that outlives it.
enum Step {
  /// nil for what changes nothing.
  static func name(of event: LogEvent) -> String? {
    guard event.level == .trace else { return nil }
    var text = event.message.description
    if let action = event.metadata?["action"] {
      // What only asks changes nothing, and what was only asked for has not happened.
      if text == "containerd.call" || questions.contains(where: { "\(action)".hasPrefix($0) }) { return nil }
      // Leases have names drawn by chance.
      text = "\(action)".split(separator: " ").filter { !$0.hasPrefix("warren-image-") }.joined(separator: " ")
    }
    for key in ["state", "started"] { if let value = event.metadata?[key] { text += " \(value)" } }
    return text
  }

  private static let questions = ["list", "look", "read", "find", "wait", "tell", "subscribe", "publish an event"]
}

/// The distinct steps between "begin" and "finish", in order.
final class StepRecorder: Sendable {
  private let state = NIOLockedValueBox<(isOn: Bool, steps: [String])>((false, []))
  private let reached: @Sendable (String) -> Void

  /// - Parameter reached: called in the thread that has just taken the step.
  init(reached: @escaping @Sendable (String) -> Void) { self.reached = reached }

  var steps: [String] { state.withLockedValue { $0.steps } }

  var logger: Logger {
    let log = EventLog { event in if let step = Step.name(of: event) { self.take(step) } }
    return Logger(label: "steps") { _ in log }
  }

  private func take(_ step: String) {
    let counts = state.withLockedValue { state in
      if step == "begin" || step == "finish" { state.isOn = step == "begin" }
      guard state.isOn, step != "begin" else { return false }
      if !state.steps.contains(step) { state.steps.append(step) }
      return true
    }
    if counts { reached(step) }
  }
}
