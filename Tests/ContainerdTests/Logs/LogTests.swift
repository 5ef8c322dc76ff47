import ClusterModel
import Foundation
import Testing

@testable import Containerd

@Suite("Container logs") struct LogTests {
  private let directory = "/tmp/warren-logs-\(UInt64.random(in: .min ... .max))"

  private func withDirectory(_ body: () async throws -> Void) async throws {
    try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: directory) }
    try await body()
  }

  private func limits(bytes: Int, files: Int = 2) -> LogLimits {
    var limits = LogLimits()
    limits.bytesPerFile = bytes
    limits.files = files
    return limits
  }

  private func record(_ text: String, second: Int64 = 0, stream: LogLine.Stream = .stdout, isComplete: Bool = true) -> [UInt8] {
    var result: [UInt8] = []
    LogRecord.write(Array(text.utf8)[...], time: Timestamp(seconds: second).logText, stream: stream, isComplete: isComplete, to: &result)
    return result
  }

  private func read(_ query: LogQuery = LogQuery()) async throws -> [String] {
    var result: [String] = []
    for try await line in LogReader(directory: directory).lines(query) { result.append(String(decoding: line.bytes, as: UTF8.self)) }
    return result
  }

  @Test(arguments: [0, 1, 951_782_399, 1_767_225_599, 1_782_345_678, 4_107_542_400] as [Int64])
  func timestampsKeepEveryNanosecond(seconds: Int64) {
    let time = Timestamp(seconds: seconds, nanoseconds: 123_456_789)
    let text = time.logText
    #expect(Timestamp(logText: text[...]) == time)
    let formatter = DateFormatter()
    formatter.locale = Locale(identifier: "en_US_POSIX")
    formatter.timeZone = TimeZone(identifier: "UTC")
    formatter.dateFormat = "yyyy-MM-dd'T'HH:mm:ss"
    #expect(String(decoding: text, as: UTF8.self) == formatter.string(from: Date(timeIntervalSince1970: Double(seconds))) + ".123456789Z")
  }

  @Test func framingCutsLinesAnywhere() {
    let text = Array("one\n\ntwo and a half\nrest".utf8)
    let time = Timestamp(seconds: 1).logText
    var whole: [UInt8] = []
    var framing = LogFraming(stream: .stderr)
    framing.append(text[...], time: time, to: &whole)
    var pieces: [UInt8] = []
    var other = LogFraming(stream: .stderr)
    for byte in text { other.append([byte], time: time, to: &pieces) }
    #expect(whole == pieces)
    #expect(framing.partial == Array("rest".utf8))
    framing.flush(isComplete: true, time: time, to: &whole)
    let records = whole.split(separator: UInt8(ascii: "\n")).compactMap { LogRecord($0) }
    #expect(records.map { String(decoding: $0.bytes, as: UTF8.self) } == ["one", "", "two and a half", "rest"])
    #expect(records.allSatisfy { $0.stream == .stderr && $0.isComplete })
  }

  @Test func aLineTooLongIsCutAndJoinedAgain() async throws {
    try await withDirectory { () async throws in
      var framing = LogFraming(stream: .stdout)
      var output: [UInt8] = []
      let long = [UInt8](repeating: UInt8(ascii: "x"), count: LogFraming.mostLineBytes * 2 + 5)
      framing.append((long + [UInt8(ascii: "\n")])[...], time: Timestamp.epoch.logText, to: &output)
      #expect(output.split(separator: UInt8(ascii: "\n")).count == 3)
      var file = LogFile(directory: directory, limits: LogLimits())
      file.append(record("before"))
      file.append(output)
      file.append(record("after"))
      file.close()
      #expect(try await read().map(\.utf8.count) == [6, long.count, 5])
      #expect(try await read(LogQuery(tail: 2)).map(\.utf8.count) == [long.count, 5])
    }
  }

  @Test func rotationKeepsTheNewestWithinTheLimit() async throws {
    try await withDirectory { () async throws in
      var file = LogFile(directory: directory, limits: limits(bytes: 1000))
      for number in 0..<200 { file.append(record("line \(number)")) }
      file.close()
      let lines = try await read()
      #expect(lines.last == "line 199")
      #expect(lines.count > 20 && lines.count < 45)
      #expect(lines == (200 - lines.count..<200).map { "line \($0)" })
      let sizes = try ["container.log", "container.log.1"].map {
        try FileManager.default.attributesOfItem(atPath: directory + "/" + $0)[.size] as? Int ?? 0
      }
      #expect(sizes.allSatisfy { $0 <= 1000 })
      #expect(!FileManager.default.fileExists(atPath: directory + "/container.log.2"))
      #expect(try await read(LogQuery(tail: 30)) == (170..<200).map { "line \($0)" })
      #expect(try await read(LogQuery(tail: 3)) == ["line 197", "line 198", "line 199"])
      #expect(try await read(LogQuery(tail: 0)) == [])
      #expect(try await read(LogQuery(tail: 1000)).count == lines.count)
    }
  }

  @Test func sinceLeavesOutWhatIsOlder() async throws {
    try await withDirectory { () async throws in
      var file = LogFile(directory: directory, limits: LogLimits())
      for second in 1...5 { file.append(record("at \(second)", second: Int64(second))) }
      file.close()
      #expect(try await read(LogQuery(since: Timestamp(seconds: 4))) == ["at 4", "at 5"])
    }
  }

  @Test func damageOfAPowerFailureIsSteppedOver() async throws {
    try await withDirectory { () async throws in
      var file = LogFile(directory: directory, limits: LogLimits())
      file.append(record("whole"))
      file.append(Array(record("torn").prefix(35)))
      file.close()
      var next = LogFile(directory: directory, limits: LogLimits())
      next.append([UInt8](repeating: 0, count: 50) + [UInt8(ascii: "\n")])
      next.append(record("after"))
      next.close()
      #expect(try await read() == ["whole", "after"])
      #expect(try await read(LogQuery(tail: 1)) == ["after"])
    }
  }

  @Test func followGoesAcrossRotations() async throws {
    try await withDirectory { () async throws in
      let directory = directory
      let reader = Task {
        var result: [String] = []
        for try await line in LogReader(directory: directory).lines(LogQuery(follow: true)) {
          result.append(String(decoding: line.bytes, as: UTF8.self))
          if result.last == "end" { break }
        }
        return result
      }
      var file = LogFile(directory: directory, limits: limits(bytes: 400, files: 50))
      for number in 0..<100 {
        file.append(record("line \(number)"))
        if number % 10 == 0 { await Task.yield() }
      }
      file.append(record("end"))
      file.close()
      #expect(try await reader.value == (0..<100).map { "line \($0)" } + ["end"])
    }
  }

  @Test func followEndsWhenTheContainerIsGone() async throws {
    try await withDirectory { () async throws in
      var file = LogFile(directory: directory, limits: LogLimits())
      file.append(record("only"))
      file.append(record("prompt", isComplete: false))
      file.close()
      var result: [String] = []
      for try await line in LogReader(directory: directory).lines(LogQuery(follow: true), finished: { true }) {
        result.append(String(decoding: line.bytes, as: UTF8.self))
      }
      #expect(result == ["only", "prompt"])
    }
  }

  @Test func aFolderWithoutLogsIsEmpty() async throws {
    #expect(try await read() == [])
  }

  @Test func theURIHasOneKey() {
    let uri = LogDriver.uri(program: "/opt/my warren/bin/warren", directory: "/var/lib/warren/logs/a&b", limits: LogLimits())
    #expect(uri == "binary:///opt/my%20warren/bin/warren?warren-log-driver=10000000,2,/var/lib/warren/logs/a%26b")
  }
}
