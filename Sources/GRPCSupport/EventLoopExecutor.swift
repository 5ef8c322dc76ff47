package import NIOCore

/// Runs tasks on an event loop: what waits for an answer goes on where it comes in, and no other thread has to be woken for it.
package final class EventLoopExecutor: TaskExecutor {
  /// Where the tasks run. They may not block it.
  package let loop: any EventLoop

  package init(_ loop: any EventLoop) { self.loop = loop }

  package func enqueue(_ job: consuming ExecutorJob) {
    let job = UnownedJob(job)
    loop.execute { job.runSynchronously(on: self.asUnownedTaskExecutor()) }
  }
}
