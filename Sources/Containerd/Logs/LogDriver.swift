import CLinux
import ClusterModel
import Glibc

/// The process that writes a container's output to its log files.
///
/// containerd's shim starts it, one per container, as `warren warren-log-driver <limits and folder>`, with the container's stdout as
/// descriptor 3, its stderr as 4, and 5 to be closed when it is ready. It belongs to the shim, so a restart or upgrade of Warren or
/// containerd loses no output. It ends when the shim closes its ends, after everything was written.
/// https://github.com/containerd/containerd/blob/main/core/runtime/v2/README.md#logging
package enum LogDriver {
  /// The first argument; `main` looks for it before anything else, to keep the process small.
  package static let argument = "warren-log-driver"

  private static let readSize = 64 << 10
  /// Bursts up to this size do not wait for the disk.
  private static let pipeSize: Int32 = 256 << 10
  /// F_SETPIPE_SZ, which the Glibc module leaves out.
  private static let setPipeSize: Int32 = 1031
  /// After this pause a line without an end is written as it is: a prompt, a progress bar.
  private static let pauseMilliseconds: Int32 = 1000

  /// What containerd is given as a task's stdout. Exactly one query key: the shim passes keys in no fixed order.
  static func uri(program: String, directory: String, limits: LogLimits) -> String {
    let value = "\(limits.bytesPerFile),\(limits.files),\(directory)"
    return "binary://\(escaped(program))?\(argument)=\(escaped(value))"
  }

  /// Runs the driver when the arguments ask for it.
  ///
  /// - Parameter arguments: the process's, with its name first.
  /// - Returns: the exit code, or nil when this process is not a log driver.
  package static func run(_ arguments: [String]) -> Int32? {
    guard arguments.count >= 2, arguments[1] == argument else { return nil }
    guard arguments.count == 3, let (limits, directory) = parse(arguments[2]) else { return 2 }
    for number in [SIGTERM, SIGINT, SIGHUP, SIGPIPE] { signal(number, SIG_IGN) }
    chdir("/")
    var file = LogFile(directory: directory, limits: limits)
    close(5)
    copy(to: &file)
    file.close()
    return 0
  }

  private static func parse(_ value: String) -> (LogLimits, String)? {
    let parts = value.split(separator: ",", maxSplits: 2, omittingEmptySubsequences: false)
    guard parts.count == 3, let bytes = Int(parts[0]), let files = Int(parts[1]), bytes > 0, files > 0, parts[2].hasPrefix("/") else { return nil }
    var limits = LogLimits()
    limits.bytesPerFile = bytes
    limits.files = files
    return (limits, String(parts[2]))
  }

  private static func copy(to file: inout LogFile) {
    var sources = [pollfd(fd: 3, events: Int16(POLLIN), revents: 0), pollfd(fd: 4, events: Int16(POLLIN), revents: 0)]
    var framings = [LogFraming(stream: .stdout), LogFraming(stream: .stderr)]
    for source in sources { _ = fcntl(source.fd, setPipeSize, pipeSize) }
    var input = [UInt8](repeating: 0, count: readSize)
    var output: [UInt8] = []
    while sources.contains(where: { $0.fd >= 0 }) {
      let hasPartial = framings.contains { !$0.partial.isEmpty }
      let ready = poll(&sources, 2, hasPartial ? pauseMilliseconds : -1)
      if ready < 0, errno != EINTR { return }
      let time = now().logText
      for index in sources.indices {
        if ready == 0 { framings[index].flush(isComplete: false, time: time, to: &output) }
        guard ready > 0, sources[index].fd >= 0, sources[index].revents != 0 else { continue }
        let count = read(sources[index].fd, &input, readSize)
        if count > 0 {
          framings[index].append(input[..<count], time: time, to: &output)
        } else if count == 0 || errno != EINTR {
          framings[index].flush(isComplete: true, time: time, to: &output)
          close(sources[index].fd)
          sources[index].fd = -1
        }
      }
      if !output.isEmpty {
        file.append(output)
        output.removeAll(keepingCapacity: output.capacity <= readSize * 2)
      }
    }
  }

  private static func now() -> Timestamp {
    Timestamp(nanosecondsSinceEpoch: clinux_realtime())
  }

  /// RFC 3986, section 2.3, and `/`.
  private static func escaped(_ text: String) -> String {
    let plain = Set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~/,".utf8)
    let digits = Array("0123456789ABCDEF".utf8)
    return String(
      decoding: text.utf8.flatMap { plain.contains($0) ? [$0] : [UInt8(ascii: "%"), digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
  }
}
