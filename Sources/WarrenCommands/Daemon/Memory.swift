import CLinux
import ServiceLifecycle

/// Keeps the process small. glibc keeps what was freed, and a part of memory for each thread, unless it is told otherwise.
struct Memory: Service {
  private static let interval = Duration.seconds(60)

  /// Few threads allocate at the same time here, so two arenas do; and what is large, like a snapshot, stays apart, and goes back when it is freed:
  /// glibc would take the next one from an arena, where what is small is left in the gaps. To be called before there are threads.
  static func prepare() {
    mallopt(M_ARENA_MAX, 2)
    mallopt(M_MMAP_THRESHOLD, 128 << 10)
  }

  /// Gives what was used and freed back to the system.
  static func trim() { malloc_trim(0) }

  /// After a burst the process is small again within a minute.
  func run() async throws {
    try? await cancelWhenGracefulShutdown {
      while true {
        try await Task.sleep(for: Self.interval)
        Self.trim()
      }
    }
  }
}
