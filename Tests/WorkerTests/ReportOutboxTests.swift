import ClusterModel
import Testing

@testable import Worker

struct ReportOutboxTests {
  private func update(_ id: TaskID, _ state: TaskState) -> TaskStatusUpdate { TaskStatusUpdate(taskID: id, status: TaskStatus(state: state)) }

  @Test func theNewestPerTaskIsKeptInTheOrderTheyCame() {
    let outbox = ReportOutbox()
    outbox.add(update("a", .preparing))
    outbox.add(update("b", .preparing))
    outbox.add(update("a", .running))
    #expect(outbox.take() == [update("a", .running), update("b", .preparing)])
    #expect(outbox.take().isEmpty)
  }

  @Test func whatComesBackDoesNotReplaceWhatIsNewer() {
    let outbox = ReportOutbox()
    outbox.add(update("a", .preparing))
    outbox.add(update("b", .preparing))
    let taken = outbox.take()
    outbox.add(update("a", .running))
    outbox.putBack(taken)
    #expect(Set(outbox.take()) == [update("a", .running), update("b", .preparing)])
  }

  @Test func aNewSessionHearsOfEveryTaskThatIsHere() {
    let outbox = ReportOutbox()
    outbox.add(update("a", .running))
    outbox.add(update("b", .shutdown))
    outbox.addOnce(update("c", .shutdown))
    _ = outbox.take()
    outbox.forget("b")
    outbox.sendAllAgain()
    #expect(outbox.take() == [update("a", .running)])
  }

  @Test func eachSessionIsSignalled() async {
    let outbox = ReportOutbox()
    for state in [TaskState.preparing, .running] {
      let session = Task {
        for await _ in outbox.signals() {
          let updates = outbox.take()
          if !updates.isEmpty { return updates }
        }
        return []
      }
      outbox.add(update("a", state))
      #expect(await session.value == [update("a", state)])
      // As a session that is cut.
      let cut = Task { for await _ in outbox.signals() {} }
      cut.cancel()
      await cut.value
    }
  }
}
