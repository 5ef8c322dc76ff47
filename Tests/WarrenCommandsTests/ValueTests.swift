import ClusterModel
import Testing

@testable import WarrenCommands

@Suite struct ValueTests {
  @Test(arguments: [
    ("0", 0), ("100", 100), ("100b", 100), ("1k", 1024), ("64MiB", 64 << 20), ("64mb", 64 << 20), ("64M", 64 << 20), ("1.5GiB", 3 << 29),
    (".5k", 512),
    ("2t", 2 << 40),
  ]) func `Sizes are powers of 1024`(text: String, bytes: Int64) throws { #expect(try ByteSize.parse(text) == bytes) }

  @Test(arguments: ["", "MiB", "-1", "1.2.3k", "64 MiB", "64XiB", "9999999999t", "1.", "٣k"]) func `What is no size is refused`(text: String) {
    #expect(throws: ValueError.self) { try ByteSize.parse(text) }
  }

  @Test(arguments: [("2", 2_000_000_000), ("0.5", 500_000_000), ("250m", 250_000_000), ("1.25", 1_250_000_000)])
  func `Cores may be fractions`(text: String, nanoCPUs: Int64) throws { #expect(try CoreCount.parse(text) == nanoCPUs) }

  @Test(arguments: ["", "-1", "one", "1,5", "99999999999999999999"]) func `What is no number of cores is refused`(text: String) {
    #expect(throws: ValueError.self) { try CoreCount.parse(text) }
  }

  @Test(arguments: [
    ("10s", Duration.seconds(10)), ("10", .seconds(10)), ("500ms", .milliseconds(500)), ("1m30s", .seconds(90)), ("1.5h", .seconds(5400)),
    ("1d", .seconds(86_400)),
    ("0", .zero),
  ]) func `Durations have units, bare numbers are seconds`(text: String, duration: Duration) throws {
    #expect(try DurationText.parse(text) == duration)
  }

  @Test(arguments: ["", "s", "10x", "-1s", "1s5", "1 s", "999999999999h"]) func `What is no duration is refused`(text: String) {
    #expect(throws: ValueError.self) { try DurationText.parse(text) }
  }

  @Test(arguments: [(0, "0s"), (59, "59s"), (90, "1m30s"), (720, "12m"), (5400, "1h30m"), (90_000, "1d1h"), (864_000, "10d")])
  func `Ages are short`(seconds: Int, text: String) { #expect(DurationText.format(.seconds(seconds)) == text) }

  @Test(arguments: [
    ("8080:80", PublishedPort(hostPort: 8080, containerPort: 80)), ("53:53/udp", PublishedPort(hostPort: 53, containerPort: 53, transport: .udp)),
    ("127.0.0.1:8080:80/tcp", PublishedPort(hostIP: "127.0.0.1", hostPort: 8080, containerPort: 80)),
    ("[fd00::1]:8080:80", PublishedPort(hostIP: "fd00::1", hostPort: 8080, containerPort: 80)),
  ]) func `Ports`(text: String, port: PublishedPort) throws { #expect(try PortText.parse(text) == port) }

  @Test(arguments: [
    ("80", "must name a port of the node and one of the container"), ("70000:80", "port 70000"), ("80:0", "port 0"), ("a:80", "'a'"),
    ("80:80/sctp", "unknown protocol 'sctp'"), ("300.0.0.1:80:80", "not an IP address"), ("", "not a published port"), ("[::1:80:80", "bracket"),
    ("8000-8010:80", "one at a time"), ("+80:80", "'+80'"),
  ]) func `A wrong port is named`(text: String, words: String) throws {
    let error = try #require(throws: ValueError.self) { try PortText.parse(text) }
    #expect(error.description.contains(words))
  }

  @Test(arguments: [
    ("type=bind,source=/a,target=/b", Mount(kind: .bind, source: "/a", target: "/b")),
    ("src=/a,dst=/b,readonly", Mount(kind: .bind, source: "/a", target: "/b", readOnly: true)),
    ("type=bind,source=/a,destination=/b,ro=false", Mount(kind: .bind, source: "/a", target: "/b")),
    ("/a:/b:ro", Mount(kind: .bind, source: "/a", target: "/b", readOnly: true)), ("/a:/b", Mount(kind: .bind, source: "/a", target: "/b")),
    ("type=tmpfs,target=/c,size=64MiB", Mount(kind: .tmpfs, target: "/c", tmpfsSizeBytes: 64 << 20)),
  ]) func `Mounts`(text: String, mount: Mount) throws { #expect(try MountText.parse(text) == mount) }

  @Test(arguments: [
    ("", "unknown field ''"), ("type=nfs,target=/b", "unknown mount type 'nfs'"), ("source=/a", "no target"), ("source=a,target=/b", "absolute"),
    ("target=/b", "no source"), ("type=tmpfs,source=/a,target=/b", "no source"), ("source=/a,target=/b,size=1k", "no size"), ("/a", "not a mount"),
    ("source=/a,source=/c,target=/b", "twice"), ("/a:/b:rx", "not a mount"), ("source=/a,target=/b,ro=maybe", "neither true nor false"),
  ]) func `A wrong mount is explained`(text: String, words: String) throws {
    let error = try #require(throws: ValueError.self) { try MountText.parse(text) }
    #expect(error.description.contains(words))
  }

  @Test func `A tmpfs may have a size and be read-only`() throws {
    #expect(try MountText.parseTmpfs("/run") == Mount(kind: .tmpfs, target: "/run"))
    #expect(try MountText.parseTmpfs("/run:size=1m,ro") == Mount(kind: .tmpfs, target: "/run", readOnly: true, tmpfsSizeBytes: 1 << 20))
    #expect(throws: ValueError.self) { try MountText.parseTmpfs("run") }
    #expect(throws: ValueError.self) { try MountText.parseTmpfs("/run:noexec") }
  }

  @Test func `Environment, labels and ulimits need their parts`() throws {
    #expect(try KeyValue.parseEnvironment("A=b=c") == "A=b=c")
    for wrong in ["A", "=b", "A B=c", ""] { #expect(throws: ValueError.self) { try KeyValue.parseEnvironment(wrong) } }
    #expect(try KeyValue.parseLabel("zone=").value == "")
    #expect(try UlimitText.parse("nofile=1024:4096") == Ulimit(name: "nofile", soft: 1024, hard: 4096))
    #expect(try UlimitText.parse("core=unlimited") == Ulimit(name: "core", soft: .max, hard: .max))
    for wrong in ["nofile", "files=1", "nofile=2:1", "nofile=a", "nofile=1:2:3"] { #expect(throws: ValueError.self) { try UlimitText.parse(wrong) } }
  }

  @Test func `Signals, capabilities and devices`() throws {
    #expect(try SignalName.parse("term") == "SIGTERM")
    #expect(try SignalName.parse("15") == "15")
    #expect(throws: ValueError.self) { try SignalName.parse("SIGNOPE") }
    #expect(try CapabilityName.parse("cap_net_admin") == "NET_ADMIN")
    #expect(throws: ValueError.self) { try CapabilityName.parse("FLY") }
    #expect(try DeviceText.parse("/dev/ttyUSB0:/dev/tty0:rw") == "/dev/ttyUSB0:/dev/tty0:rw")
    for wrong in ["", "ttyUSB0", "/dev/a:/dev/b:rx", "/dev/a:/dev/b:rr", "/dev/a:/dev/b:r:w"] {
      #expect(throws: ValueError.self) { try DeviceText.parse(wrong) }
    }
  }

  @Test func `A node's memory is in GiB unless it says otherwise`() throws {
    #expect(try NodeMemory.parse("2") == 2 << 30)
    #expect(try NodeMemory.parse("512MiB") == 512 << 20)
  }

  @Test func `A time may be a moment or an age`() throws {
    let now = try #require(try? TimeText.parse("2026-03-01T09:00:00Z"))
    #expect(TimeText.rfc3339(try TimeText.parse("10m", now: now)) == "2026-03-01T08:50:00Z")
    #expect(TimeText.rfc3339(try TimeText.parse("2026-03-01T10:00:00.5+01:00")) == "2026-03-01T09:00:00.500Z")
    #expect(throws: ValueError.self) { try TimeText.parse("yesterday") }
  }
}
