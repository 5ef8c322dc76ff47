import ClusterModel
import NIOConcurrencyHelpers
import OCI
import Testing

@testable import Containerd

@Suite struct SharedPullsTests {
  private static let image = PreparedImage(
    reference: "a", digest: "d", config: ImageConfig(platform: .current), chainID: "c", snapshotter: "s")

  @Test func everyoneGetsTheOneResult() async throws {
    let pulls = SharedPulls()
    let runs = NIOLockedValueBox(0)
    let (gate, open) = AsyncStream<Void>.makeStream()
    try await withThrowingTaskGroup(of: PreparedImage.self) { group in
      let (joined, join) = AsyncStream<Void>.makeStream()
      for _ in 0..<5 {
        group.addTask {
          try await pulls.run("a", progress: { _ in join.yield() }) { report in
            runs.withLockedValue { $0 += 1 }
            report(PullProgress(message: "started"))
            for await _ in gate { break }
            return Self.image
          }
        }
      }
      var seen = 0
      for await _ in joined {
        seen += 1
        if seen == 5 { break }
      }
      open.yield()
      for try await result in group { #expect(result == Self.image) }
    }
    #expect(runs.withLockedValue { $0 } == 1)
    #expect(await pulls.references.isEmpty)
  }

  @Test func theLastToLeaveCancelsThePull() async throws {
    let pulls = SharedPulls()
    let (started, start) = AsyncStream<Void>.makeStream()
    let (ended, end) = AsyncStream<Bool>.makeStream()
    let caller = Task {
      try await pulls.run("a", progress: { _ in }) { _ in
        start.yield()
        let (never, keep) = AsyncStream<Void>.makeStream()
        for await _ in never {}
        withExtendedLifetime(keep) {}
        end.yield(Task.isCancelled)
        throw CancellationError()
      }
    }
    for await _ in started { break }
    caller.cancel()
    await #expect(throws: CancellationError.self) { try await caller.value }
    for await cancelled in ended {
      #expect(cancelled)
      break
    }
    // A new caller does not join the dying pull.
    #expect(try await pulls.run("a", progress: { _ in }) { _ in Self.image } == Self.image)
  }

  @Test func failuresReachEveryoneAndAreNotKept() async throws {
    let pulls = SharedPulls()
    await #expect(throws: WarrenError.self) { try await pulls.run("a", progress: { _ in }) { _ in throw WarrenError(.notFound, "no") } }
    #expect(try await pulls.run("a", progress: { _ in }) { _ in Self.image } == Self.image)
  }

  @Test func chainsLayers() throws {
    let a = Digest(of: [1])
    let b = Digest(of: [2])
    let c = Digest(of: [3])
    let second = Digest(of: Array("\(a) \(b)".utf8))
    #expect(Digest.chainIDs(of: [a, b, c]) == [a, second, Digest(of: Array("\(second) \(c)".utf8))])
    #expect("\(Digest(of: Array("abc".utf8)))" == "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
  }
}
