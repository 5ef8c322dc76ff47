import ClusterModel
import Glibc
import SwiftProtobuf

/// Times for people and scripts.
enum TimeText {
  /// RFC 3339 in UTC, `2026-03-01T09:00:00.250Z`.
  static func rfc3339(_ time: Google_Protobuf_Timestamp) -> String {
    ((try? time.jsonString()) ?? "").filter { $0 != "\"" }
  }

  /// How long ago: `5m`; `-` for a time that was never set.
  static func age(of time: Google_Protobuf_Timestamp, now: Google_Protobuf_Timestamp = now()) -> String {
    time.seconds == 0 ? "-" : DurationText.format(.seconds(now.seconds - time.seconds))
  }

  static func now() -> Google_Protobuf_Timestamp {
    var time = timespec()
    clock_gettime(CLOCK_REALTIME, &time)
    return Google_Protobuf_Timestamp(seconds: Int64(time.tv_sec), nanos: Int32(time.tv_nsec))
  }

  /// A moment given as RFC 3339 or as an age (`10m` = ten minutes ago).
  static func parse(_ text: String, now: Google_Protobuf_Timestamp = now()) throws -> Google_Protobuf_Timestamp {
    if let time = try? Google_Protobuf_Timestamp(jsonString: "\"\(text.filter { $0 != "\"" && $0 != "\\" })\"") { return time }
    guard let age = try? DurationText.parse(text) else {
      throw ValueError("'\(text)' is neither a time nor an age; use for example 2026-03-01T09:00:00Z or 10m")
    }
    let nanoseconds = now.seconds * 1_000_000_000 + Int64(now.nanos) - age.nanoseconds
    return Google_Protobuf_Timestamp(seconds: nanoseconds / 1_000_000_000, nanos: Int32(nanoseconds % 1_000_000_000))
  }
}

extension Google_Protobuf_Timestamp {
  static func milliseconds(of time: Google_Protobuf_Timestamp) -> Google_Protobuf_Timestamp {
    Google_Protobuf_Timestamp(seconds: time.seconds, nanos: time.nanos / 1_000_000 * 1_000_000)
  }
}
