import ArgumentParser
import ClusterModel
import GRPCCore
import Testing

@testable import WarrenCommands

@Suite struct CommandTreeTests {
  private static func commands(under command: any ParsableCommand.Type) -> [any ParsableCommand.Type] {
    let configuration = command.configuration
    let children = configuration.subcommands + configuration.groupedSubcommands.flatMap(\.subcommands)
    return [command] + children.flatMap { commands(under: $0) }
  }

  @Test func `Every command has an abstract and an example`() {
    let all = Self.commands(under: WarrenCommand.self)
    #expect(all.count > 25)
    for command in all {
      #expect(command.configuration.abstract.hasSuffix("."), "\(command)")
      #expect(command.configuration.discussion.contains("Example:\n  "), "\(command)")
      #expect(command.configuration.discussion.contains("warren"), "\(command)")
    }
  }

  private func outcome(_ arguments: [String]) async -> (message: String?, code: Int32) {
    do {
      var command = try await WarrenMain.parse(arguments)
      // A request for help parses as a command of its own, which throws the text.
      if arguments.contains("--help") { try command.run() }
      return (nil, 0)
    } catch { return ExitCodes.outcome(of: error, root: WarrenCommand.self) }
  }

  @Test(arguments: [
    (["service", "create", "a", "--image", "web", "--bogus"], "--bogus"), (["service", "create", "a"], "--image"), (["nonsense"], "nonsense"),
    (["service", "create", "a", "--image", "web", "--publish", "70000:80"], "70000"), (["service", "scale", "a", "--replicas", "-1"], "'-1'"),
    (["service", "create", "a", "--image", "web", "--env", "FOO"], "'FOO'"),
    (["service", "create", "a", "--image", "web", "--restart", "often"], "often"),
    (["service", "create", "a", "--image", "web", "--mode", "global", "--replicas", "2"], "--replicas"), (["service", "exec", "a"], "no command"),
    (["service", "list", "-o", "xml"], "xml"), (["events", "--kind", "x"], "x"),
    (["service", "create", "a", "--image", "web", "--cpus", "-1"], "'-1'"), (["service", "list", "--timeout", "0"], "--timeout"),
    (["service", "create", "a", "--image", "web", "--stop-timeout", "-1s"], "'-1s'"), (["service", "list", "--socket", ""], "--socket"),
    (["service", "list", "--socket", "/s", "--manager", "h:1"], "--manager"), (["cluster", "init", "--data-dir", ""], "--data-dir"),
    (["cluster", "recover", "--data-dir", ""], "--data-dir"), (["doctor", "--containerd-address", ""], "--containerd-address"),
    (["service", "exec", "web", "--task", "x", "--", "ls"], "before the name"), (["service", "exec", "", "ls"], "no service"),
  ]) func `A usage error is one line that names what is wrong, and exits with 2`(arguments: [String], words: String) async throws {
    let (message, code) = await outcome(arguments)
    let text = try #require(message)
    #expect(code == 2)
    #expect(text.hasPrefix("error: ") && text.contains(words) && text.contains("--help'"), "\(text)")
    #expect(!text.contains("\n") && !text.contains(".;"))
  }

  @Test func `Help is no error`() async throws {
    let (message, code) = await outcome(["service", "create", "--help"])
    #expect(code == 0)
    #expect(try #require(message).contains("--publish"))
  }

  @Test(arguments: [
    ["service", "ls", "--quiet"], ["service", "create", "create", "--image", "web", "--detach", "--", "service", "ls"], ["version"],
    ["node", "rm", "a"],
    ["service", "exec", "web", "--", "warren", "service", "ls"], ["apply", "-f", "stack.yaml"], ["service", "logs", "web", "--follow"],
  ]) func `A command is read alone as the root would read it`(arguments: [String]) async throws {
    let (alone, byRoot) = (try await WarrenMain.parse(arguments), try await WarrenCommand.asyncParseAsRoot(arguments))
    #expect(type(of: alone) == type(of: byRoot))
    #expect("\(alone)" == "\(byRoot)")
  }

  @Test func `Every kind of failure has its exit code`() {
    let codes = Dictionary(uniqueKeysWithValues: WarrenError.Code.allCases.map { ($0, ExitCodes.code(of: $0)) })
    #expect(codes[.invalidArgument] == 2 && codes[.notFound] == 3 && codes[.alreadyExists] == 4 && codes[.conflict] == 4)
    #expect(codes[.unavailable] == 5 && codes[.deadlineExceeded] == 6 && codes[.permissionDenied] == 7 && codes[.unauthenticated] == 7)
    #expect(codes[.internalError] == 1 && codes[.unimplemented] == 1)
    #expect(ExitCodes.outcome(of: WarrenError(.notFound, "a\nb"), root: WarrenCommand.self) == ("error: a b", 3))
    #expect(ExitCodes.outcome(of: RPCError(code: .unavailable, message: "gone"), root: WarrenCommand.self) == ("error: gone", 5))
    #expect(ExitCodes.outcome(of: ExitCode(42), root: WarrenCommand.self) == (nil, 42))
  }

  @Test func `All flags of create end up in the spec`() async throws {
    let parsed = try await WarrenCommand.asyncParseAsRoot(
      [
        "service", "create", "web", "--image", "nginx", "--replicas", "3", "--env", "A=b", "--publish", "127.0.0.1:8080:80", "--mount", "/a:/b:ro",
        "--tmpfs", "/t:size=1m", "--cpus", "0.5", "--memory", "64MiB", "--reserve-cpus", "0.25", "--reserve-memory", "32MiB", "--constraint",
        "node.labels.zone==a", "--max-per-node", "2", "--restart", "on-failure", "--restart-max", "4", "--restart-delay", "2s", "--restart-window",
        "1m",
        "--stop-timeout", "3s", "--stop-signal", "int", "--user", "1:2", "--workdir", "/w", "--label", "k=v", "--read-only", "--cap-add", "net_admin",
        "--cap-drop", "ALL", "--device", "/dev/null", "--init", "--ulimit", "nofile=9", "--hostname", "h", "--entrypoint", "/e", "--network",
        "bridge",
        "--allow-new-privileges", "--pids-limit", "7", "--detach", "--", "run", "--flag",
      ])
    let spec = try #require(parsed as? ServiceCreate).spec()
    var container = ContainerSpec(image: "nginx")
    (container.entrypoint, container.args, container.env, container.user) = (["/e"], ["run", "--flag"], ["A=b"], "1:2")
    (container.workingDirectory, container.hostname, container.readOnly, container.initProcess) = ("/w", "h", true, true)
    container.mounts = [Mount(kind: .bind, source: "/a", target: "/b", readOnly: true), Mount(kind: .tmpfs, target: "/t", tmpfsSizeBytes: 1 << 20)]
    (container.capAdd, container.capDrop, container.devices) = (["NET_ADMIN"], ["ALL"], ["/dev/null"])
    (container.stopSignal, container.stopGrace, container.allowNewPrivileges) = ("SIGINT", .seconds(3), true)
    container.ulimits = [Ulimit(name: "nofile", soft: 9, hard: 9)]
    var task = TaskSpec(container: container)
    task.limits = Resources(nanoCPUs: 500_000_000, memoryBytes: 64 << 20)
    task.reservations = Resources(nanoCPUs: 250_000_000, memoryBytes: 32 << 20)
    (task.restart.condition, task.restart.maxAttempts, task.restart.delay, task.restart.window) = (.onFailure, 4, .seconds(2), .seconds(60))
    (task.placement.constraints, task.placement.maxPerNode, task.pidsLimit) = (["node.labels.zone==a"], 2, 7)
    task.ports = [PublishedPort(hostIP: "127.0.0.1", hostPort: 8080, containerPort: 80)]
    var expected = ServiceSpec(name: "web", mode: .replicated(replicas: 3), task: task)
    expected.labels = ["k": "v"]
    #expect(spec == expected)
    try spec.validate()
  }

  @Test func `The command of exec may come with or without dashes`() async throws {
    for arguments in [["service", "exec", "-i", "web", "ls", "-l"], ["service", "exec", "-i", "web", "--", "ls", "-l"]] {
      let exec = try #require(try await WarrenCommand.asyncParseAsRoot(arguments) as? ServiceExec)
      #expect(exec.interactive && !exec.tty && exec.name == "web" && exec.arguments == ["ls", "-l"])
    }
  }
}
