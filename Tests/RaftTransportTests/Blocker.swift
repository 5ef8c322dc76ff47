import Dispatch

/// Holds a thread until it is released.
struct Blocker: Sendable {
  private let semaphore = DispatchSemaphore(value: 0)

  func wait() { semaphore.wait() }
  func release() { semaphore.signal() }
}
