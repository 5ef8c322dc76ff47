import ClusterModel
import Foundation
import Glibc
import Logging
import Testing

@testable import WarrenCommands

@Suite struct DaemonConfigurationTests {
  private func configuration(_ settings: DaemonSettings) throws -> DaemonConfiguration {
    try DaemonConfiguration(nodeID: "n1", dataDirectory: "/d", settings: settings, hostname: "edge-1")
  }

  @Test func `Nothing said means the defaults`() throws {
    let configuration = try configuration(DaemonSettings())
    #expect(configuration.runsContainers)
    #expect(configuration.raftAddress.description == "edge-1:7946" && configuration.apiAddress.description == "edge-1:8080")
    #expect(configuration.socket == "/run/warren/warren.sock" && configuration.bridge == "warren0")
    #expect(configuration.metricsAddress == HostPort(host: "127.0.0.1", port: 9090) && !configuration.metricsAddressIsRequired)
  }

  @Test func `Metrics can be switched off`() throws { #expect(try configuration(DaemonSettings(metricsAddress: "off")).metricsAddress == nil) }

  @Test(arguments: [
    (DaemonSettings(bindAddress: "host"), "--bind-addr"), (DaemonSettings(apiAddress: "host:0"), "--api-addr"),
    (DaemonSettings(socket: "s"), "--socket"),
    (DaemonSettings(socket: "/" + String(repeating: "s", count: 120)), "--socket"), (DaemonSettings(nanoCPUs: 0), "--cpu"),
    (DaemonSettings(memoryBytes: 1), "--memory"), (DaemonSettings(containerdNamespace: "a b"), "--containerd-namespace"),
    (DaemonSettings(subnet: "10.0.0.0"), "--cni-subnet"), (DaemonSettings(subnet: "10.0.0.0/31"), "--cni-subnet"),
    (DaemonSettings(nameServers: ["10.0.0.1", "127.0.0.53"]), "--dns"), (DaemonSettings(nameServers: ["fd00::1"]), "--dns"),
    (DaemonSettings(nameServers: ["dns.local"]), "--dns"), (DaemonSettings(bridge: "a-name-that-is-too-long"), "--bridge"),
    (DaemonSettings(metricsAddress: "9090"), "--metrics-addr"), (DaemonSettings(nodeDownSeconds: 0.5), "--node-down"),
  ]) func `A wrong option is named`(settings: DaemonSettings, option: String) throws {
    let error = try #require(throws: WarrenError.self) { try configuration(settings) }
    #expect(error.code == .invalidArgument && error.message.contains(option))
  }

  @Test(arguments: ["", "-a", "a b", "ä", String(repeating: "a", count: 64)]) func `A wrong node id is refused`(id: String) {
    #expect(throws: WarrenError.self) { try DaemonConfiguration.nodeID(id) }
  }

  @Test(arguments: [
    ("[fd00::1]:80", HostPort(host: "fd00::1", port: 80)), (":80", HostPort(host: "", port: 80)),
    ("node.local:65535", HostPort(host: "node.local", port: 65535)),
  ]) func `Addresses`(text: String, address: HostPort) throws {
    #expect(try HostPort(parsing: text, option: "--x") == address)
    #expect(address.description == text)
  }

  @Test(arguments: ["", "80", "a:b", "a:65536", "::1:80", "[a]:80", "a b:80", "http://a:80"]) func `What is no address is refused`(text: String) {
    #expect(throws: WarrenError.self) { try HostPort(parsing: text, option: "--x") }
  }

  @Test func `What is said now wins over what was said before`() {
    let before = DaemonSettings(managerOnly: true, socket: "/a", labels: ["zone": "a"])
    #expect(
      DaemonSettings(socket: "/b").completed(by: before) == DaemonSettings(managerOnly: true, socket: "/b", labels: ["zone": "a"]))
  }

  @Test func `Settings are kept in a directory of one's own`() throws {
    let path = try temporaryDirectory()
    defer { try? FileManager.default.removeItem(atPath: path) }
    chmod(path, 0o755)
    let directory = DataDirectory("\(path)")
    try directory.prepare()
    var info = stat()
    stat(path, &info)
    #expect(info.st_mode & 0o777 == 0o700)
    #expect(try directory.settings() == nil)
    let settings = DaemonSettings(managerOnly: true, labels: ["a": "b"])
    try directory.keep(settings)
    #expect(try directory.settings() == settings)
    try "{".write(toFile: path + "/settings.json", atomically: false, encoding: .utf8)
    #expect(throws: WarrenError.self) { try directory.settings() }
    #expect(throws: WarrenError.self) { try DataDirectory(path + "/settings.json").prepare() }
  }

  @Test func `A directory of something else is not taken`() throws {
    let path = try temporaryDirectory()
    defer { try? FileManager.default.removeItem(atPath: path) }
    let directory = DataDirectory(path)
    try directory.checkVacant()
    for left in ["settings.json.new", "raft.lock", "raft.unfinished", "worker.sqlite-wal", "lost+found"] {
      try "".write(toFile: "\(path)/\(left)", atomically: false, encoding: .utf8)
    }
    try directory.checkVacant()
    try "".write(toFile: path + "/photos", atomically: false, encoding: .utf8)
    let error = try #require(throws: WarrenError.self) { try directory.checkVacant() }
    #expect(error.message.contains("photos") && error.message.contains("--data-dir"))
  }

  @Test func `A bridge belongs to one daemon at a time`() throws {
    let path = try temporaryDirectory()
    defer { try? FileManager.default.removeItem(atPath: path) }
    var first: BridgeClaim? = try BridgeClaim("b0", directory: path)
    let error = try #require(throws: WarrenError.self) { try BridgeClaim("b0", directory: path) }
    #expect(error.code == .failedPrecondition && error.message.contains("--bridge"))
    _ = try BridgeClaim("b1", directory: path)
    first = nil
    _ = try BridgeClaim("b0", directory: path)
    #expect(first == nil)
  }

  @Test func `A disk without room is noticed`() throws {
    try DiskRoom.check("/tmp", least: 1)
    let error = try #require(throws: WarrenError.self) { try DiskRoom.check("/tmp", least: .max) }
    #expect(error.code == .resourceExhausted && error.message.contains("/tmp"))
    #expect(throws: WarrenError.self) { try DiskRoom.check("/nonexistent") }
  }

  @Test func `A daemon is found by its API address`() throws {
    let path = try temporaryDirectory()
    defer { try? FileManager.default.removeItem(atPath: path) }
    let registry = path + "/by-address"
    let socket = path + "/s"
    #expect(FileManager.default.createFile(atPath: socket, contents: nil))
    DaemonSocket.register(socket, address: "0.0.0.0:8080", registry: registry)
    DaemonSocket.register(path + "/gone", address: "edge-1:8081", registry: registry)
    #expect(try DaemonSocket.find("localhost:8080", registry: registry) == [socket])
    #expect(try DaemonSocket.find("nowhere:1,10.0.0.1:8080", registry: registry) == [socket])
    let error = try #require(throws: WarrenError.self) { try DaemonSocket.find("edge-1:8081", registry: registry) }
    #expect(error.code == .unavailable && error.message.contains("0.0.0.0:8080"))
    for nonsense in ["", "nonsense", "h:1,", ",h:1"] {
      #expect(try #require(throws: WarrenError.self) { try DaemonSocket.find(nonsense, registry: registry) }.code == .invalidArgument)
    }
    DaemonSocket.register(socket, address: "0.0.0.0:8080", registry: registry)
    #expect(try FileManager.default.contentsOfDirectory(atPath: registry) == ["0.0.0.0:8080"], "the link of a killed daemon goes with the next start")
    DaemonSocket.unregister(address: "0.0.0.0:8080", registry: registry)
    #expect(throws: WarrenError.self) { try DaemonSocket.find("localhost:8080", registry: registry) }
  }

  @Test(arguments: [
    ("edge-1:8080", "edge-1:8080", true), ("edge-1:8080", "edge-1:8081", false), ("edge-1:8080", "localhost:8080", true),
    ("127.0.0.1:8080", "10.0.0.1:8080", false), (":8080", "10.0.0.1:8080", true), ("edge-1:8080", "edge-2:8080", false),
  ]) func `Which addresses mean the same daemon`(registered: String, wanted: String, same: Bool) {
    #expect(DaemonSocket.matches(registered, wanted) == same)
  }

  @Test func `A log line is fields, or JSON`() {
    let fields = [("node", "n1"), ("reason", "it \"broke\"\nbadly")]
    #expect(
      DaemonLogHandler.line(time: "T", level: .info, message: "task.started", fields: fields, json: false)
        == "T info task.started node=n1 reason=\"it \\\"broke\\\"\\nbadly\"\n")
    #expect(
      DaemonLogHandler.line(time: "T", level: .info, message: "x", fields: [("a", "\u{1}")], json: true)
        == "{\"time\":\"T\",\"level\":\"info\",\"event\":\"x\",\"a\":\"\\u0001\"}\n")
  }

  @Test func `Completion asks the cluster that the line names`() {
    #expect(
      CompletionConnection.arguments(["service", "ps", "--socket", "/s", "x", "--manager=h:1", "--socket"]) == ["--socket", "/s", "--manager=h:1"])
  }
}

func temporaryDirectory() throws -> String {
  var template = Array("/tmp/warren-cli-test.XXXXXX".utf8CString)
  guard mkdtemp(&template) != nil else { throw POSIXError(.EIO) }
  return String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
}
