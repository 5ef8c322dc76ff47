import Containerd
import Foundation
import Logging
import NIOConcurrencyHelpers
import TestKit
import Testing

/// The containerd that Warren starts itself, through the deaths of both. Needs root and containerd.
@Suite("Warren's own containerd", .serialized) struct OwnContainerdTests {
  /// A daemon's folder of its own, gone afterwards.
  private static func withFolder(_ body: (String) async throws -> Void) async throws {
    let folder = "/tmp/warren-own-\(String(UInt32.random(in: .min ... .max), radix: 36))"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    let outcome: Result<Void, any Error>
    do { outcome = .success(try await body(folder)) } catch { outcome = .failure(error) }
    if let pid = pid(folder), command(pid).contains(folder) { kill(pid, SIGKILL) }
    try? FileManager.default.removeItem(atPath: folder)
    try outcome.get()
  }

  private static func configuration(_ folder: String) -> ContainerdDaemon.Configuration {
    var configuration = ContainerdDaemon.Configuration(directory: folder, searchPath: TestedPrograms.searchPath)
    configuration.systemSocket = folder + "/none.sock"
    return configuration
  }

  private static func pid(_ folder: String) -> Int32? {
    (try? String(contentsOfFile: folder + "/containerd.pid", encoding: .utf8)).flatMap { Int32($0) }
  }

  private static func command(_ pid: Int32) -> String {
    FileManager.default.contents(atPath: "/proc/\(pid)/cmdline").map { String(decoding: $0, as: UTF8.self) } ?? ""
  }

  private static func answers(_ folder: String) async -> Bool {
    await ContainerdProbe.answers(folder + "/containerd.sock", within: .seconds(5))
  }

  @Test func outlivesWarrenAndIsTakenOver() async throws {
    try await Self.withFolder { folder in
      await #expect(processExitsWith: .signal(SIGKILL)) { [folder = folder as String] in
        let daemon = try await ContainerdDaemon.find(Self.configuration(folder), logger: TemporaryContainerd.silence)
        async let _ = daemon.run()
        try await eventually("it answers") { await Self.answers(folder) }
        kill(getpid(), SIGKILL)
      }
      let left = try #require(Self.pid(folder))
      #expect(await Self.answers(folder), "it runs without Warren")

      let daemon = try await ContainerdDaemon.find(Self.configuration(folder), logger: TemporaryContainerd.silence)
      let life = Task { try await daemon.run() }
      try await eventually("it is watched") {
        kill(left, SIGKILL)
        return Self.pid(folder) != left
      }
      try await eventually("the next one answers") { await Self.answers(folder) }
      let next = try #require(Self.pid(folder))
      #expect(Self.command(next).contains(folder))

      life.cancel()
      _ = await life.result
      #expect(Self.pid(folder) == nil)
      #expect(kill(next, 0) != 0, "a stop of Warren stops it, too")
    }
  }

  @Test func isAdoptedAndNotStartedTwice() async throws {
    try await Self.withFolder { folder in
      await #expect(processExitsWith: .signal(SIGKILL)) { [folder = folder as String] in
        let daemon = try await ContainerdDaemon.find(Self.configuration(folder), logger: TemporaryContainerd.silence)
        async let _ = daemon.run()
        try await eventually("it answers") { await Self.answers(folder) }
        kill(getpid(), SIGKILL)
      }
      let left = try #require(Self.pid(folder))
      let events = Events()
      let daemon = try await ContainerdDaemon.find(Self.configuration(folder), logger: events.logger)
      let life = Task { try await daemon.run() }
      try await eventually("it is taken over") { events.seen.contains("containerd.adopted") }
      #expect(Self.pid(folder) == left && !events.seen.contains("containerd.started"))
      life.cancel()
      _ = await life.result
    }
  }

  /// One that ends at once is started again ever less often.
  @Test func isStartedAgainWithGrowingPauses() async throws {
    try await Self.withFolder { folder in
      let program = folder + "/bin/containerd"
      try FileManager.default.createDirectory(atPath: folder + "/bin", withIntermediateDirectories: true)
      try "#!/bin/sh\nexit 1\n".write(toFile: program, atomically: true, encoding: .utf8)
      try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: program)
      let (clock, events) = (ManualClock(), Events())
      var configuration = Self.configuration(folder)
      configuration.searchPath = [folder + "/bin", "/usr/bin", "/bin"]
      configuration.clock = clock
      let daemon = try await ContainerdDaemon.find(configuration, logger: events.logger)
      let life = Task { try await daemon.run() }
      try await eventually("it was started ten times") {
        if let delay = clock.nextWakeup { clock.advance(by: delay) }
        return events.pauses.count == 10
      }
      let seconds = [0.25, 0.5, 1, 2, 4, 8, 16, 30, 30, 30]
      #expect(events.pauses == seconds.map { "\(Duration.seconds($0))" })
      life.cancel()
      _ = await life.result
    }
  }

  /// The system's is nobody's to start or stop.
  @Test func theSystemsIsOnlyUsed() async throws {
    try await TemporaryContainerd.with { box in
      try await Self.withFolder { folder in
        var configuration = Self.configuration(folder)
        configuration.systemSocket = box.place.socketPath
        let daemon = try await ContainerdDaemon.find(configuration, logger: TemporaryContainerd.silence)
        #expect(daemon.choice == .system && daemon.socketPath == box.place.socketPath)
        let life = Task { try await daemon.run() }
        life.cancel()
        _ = await life.result
        #expect(await ContainerdProbe.answers(box.place.socketPath, within: .seconds(5)))
      }
    }
  }

  /// What the daemon's supervisor says.
  private final class Events: Sendable {
    private let state = NIOLockedValueBox<(seen: [String], pauses: [String])>(([], []))
    var seen: [String] { state.withLockedValue { $0.seen } }
    var pauses: [String] { state.withLockedValue { $0.pauses } }

    var logger: Logger {
      let handler = EventLog { event in
        self.state.withLockedValue { state in
          state.seen.append("\(event.message)")
          if "\(event.message)" == "containerd.starting-again", let pause = event.metadata?["after"] { state.pauses.append("\(pause)") }
        }
      }
      return Logger(label: "test") { _ in handler }
    }
  }
}
