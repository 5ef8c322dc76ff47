import ClusterModel
import Glibc

extension Timestamp {
  /// The system's clock. The only place below which time is passed on as a value or a function.
  static var now: Timestamp {
    var time = timespec()
    clock_gettime(CLOCK_REALTIME, &time)
    return Timestamp(seconds: Int64(time.tv_sec), nanoseconds: Int32(time.tv_nsec))
  }
}
