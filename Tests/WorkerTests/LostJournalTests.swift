import ClusterModel
import Foundation
import Logging
import TestKit
import Testing

@testable import Worker

/// A worker whose journal was lost, damaged or put back from a copy. Its containers carry their tasks.
struct LostJournalTests {
  /// Also before any manager is heard.
  @Test func whatRunsIsAdopted() async throws {
    try await AgentFixture.with { node in
      let pid = try await node.life { _ in
        await node.manager.assign(node.task())
        return try await node.told(.running).pid
      }
      node.loseJournal()
      await node.manager.refuse(WarrenError(.unavailable, "no manager here; try another"))
      try await node.life { agent in
        try await eventually("it is adopted") { (try? await agent.container(of: "t"))?.state == .running }
        #expect(await node.engine.running == ["t-0": pid])
      }
      // What was adopted is in the journal again.
      await node.manager.refuse(nil)
      try await node.life { agent in
        try await eventually("it is known") { (try? await agent.container(of: "t"))?.state == .running }
        await node.engine.exit("t-0", code: 1)
        try await node.told(.waiting)
        try await node.skipSleep()
        try await node.told(.running, attempt: 1)
      }
      #expect(await node.engine.starts == ["t": 2])
    }
  }

  @Test func whatEndedIsReportedWithItsCode() async throws {
    try await AgentFixture.with { node in
      try await node.life { _ in
        await node.manager.assign(node.task { $0.restart.condition = .none })
        try await node.told(.running)
      }
      node.loseJournal()
      await node.engine.exit("t-0", code: 42)
      let status = try await node.life { _ in try await node.told(.failed) }
      #expect(status.lastExit?.code == 42)
      #expect(await node.engine.starts == ["t": 1])
    }
  }

  @Test func whatWasNotStartedIsMadeAnew() async throws {
    try await AgentFixture.with { node in
      try await node.life { _ in
        await node.engine.fail(.created, .stuck)
        await node.manager.assign(node.task { $0.restart.condition = .none })
        try await eventually("it is made") { await node.engine.reached.contains(.created) }
      }
      node.loseJournal()
      _ = try await node.life { _ in try await node.told(.running) }
      #expect(await node.engine.starts == ["t": 1])
      #expect(await node.engine.inventory == ["container t-0", "network t-0", "logs t"])
    }
  }

  @Test func whatNoManagerWantsEnds() async throws {
    try await AgentFixture.with { node in
      try await node.life { _ in
        await node.manager.assign(node.task())
        try await node.told(.running)
      }
      node.loseJournal()
      await node.manager.drop("t")
      try await node.life { _ in try await node.nothingLeft() }
    }
  }

  @Test func anOlderCopyIsBroughtUpToDate() async throws {
    try await AgentFixture.with { node in
      try await node.life { _ in
        await node.manager.assign(node.task())
        try await node.told(.running)
      }
      let copy = try Data(contentsOf: URL(filePath: node.journalPath))
      let pid = try await node.life { _ in
        await node.engine.exit("t-0", code: 1)
        try await node.skipSleep()
        return try await node.told(.running, attempt: 1).pid
      }
      node.loseJournal()
      try copy.write(to: URL(filePath: node.journalPath))
      try await node.life { agent in
        try await eventually("it is adopted") { (try? await agent.container(of: "t"))?.state == .running }
        #expect(await node.engine.running == ["t-1": pid])
      }
      #expect(await node.engine.starts == ["t": 2])
    }
  }

  @Test func aDamagedOneIsSetAside() async throws {
    try await AgentFixture.with { node in
      let pid = try await node.life { _ in
        await node.manager.assign(node.task())
        return try await node.told(.running).pid
      }
      let damaged = Data(repeating: 0x41, count: 5000)
      node.loseJournal()
      try damaged.write(to: URL(filePath: node.journalPath))
      _ = try await Journal.recovering(path: node.journalPath, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
      #expect(try Data(contentsOf: URL(filePath: node.journalPath + ".damaged")) == damaged)
      try await node.life { agent in
        try await eventually("it is adopted") { (try? await agent.container(of: "t"))?.state == .running }
        #expect(await node.engine.running == ["t-0": pid])
      }
    }
  }

  @Test func aLaterVersionsIsRefused() async throws {
    try await AgentFixture.with { node in
      let journal = try Journal(path: node.journalPath)
      try await journal.pretendLaterVersion()
      let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
      let refused = await #expect(throws: WarrenError.self) { _ = try await Journal.recovering(path: node.journalPath, logger: logger) }
      #expect(refused?.code == .failedPrecondition)
      #expect(FileManager.default.fileExists(atPath: node.journalPath))
    }
  }
}
