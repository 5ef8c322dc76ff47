import ArgumentParser
import SwiftProtobuf
import WarrenAPI

struct LogOptions: ParsableArguments {
  @Flag(name: .shortAndLong, help: "Stay, and print lines as they are written.") var follow = false
  @Option(name: [.customShort("n"), .long], parsing: .unconditional, help: "Only the last lines of each task.", transform: Self.count) var tail:
    UInt32?
  @Option(help: "Only lines since a time or for an age, for example 10m.", transform: { try TimeText.parse($0) }) var since:
    Google_Protobuf_Timestamp?
  @Flag(name: .shortAndLong, help: "Show when each line was written.") var timestamps = false

  func request() -> Warren_V1_ServiceLogsRequest {
    var request = Warren_V1_ServiceLogsRequest()
    request.follow = follow
    if let tail { request.tail = tail }
    if let since { request.since = since }
    return request
  }

  private static func count(_ text: String) throws -> UInt32 {
    guard let count = UInt32(text) else { throw ValueError("'\(text)' is not a number of lines; use 0 or more") }
    return count
  }
}
