import ArgumentParser
import ClusterModel
import Foundation
import Testing

@testable import WarrenCommands

@Suite struct NativeServiceTests {
  private func created(_ arguments: [String]) async throws -> ServiceSpec {
    try #require(try await WarrenCommand.asyncParseAsRoot(["service", "create", "web", "--image", "nginx"] + arguments) as? ServiceCreate).spec()
  }

  /// A document's line, and the options that mean the same.
  private static let equals: [(String, [String])] = [
    ("", []), ("command: [run, --flag, '1']", ["--", "run", "--flag", "1"]), ("entrypoint: /e", ["--entrypoint", "/e"]),
    ("entrypoint: ''", ["--entrypoint", ""]), ("env: [A=b, 'C=d e', E=]", ["--env", "A=b", "--env", "C=d e", "--env", "E="]),
    ("env: {A: b, C: 5, D: true, E: ''}", ["--env", "A=b", "--env", "C=5", "--env", "D=true", "--env", "E="]),
    ("labels: {k: v, n: 1}", ["--label", "k=v", "--label", "n=1"]), ("label: [k=v]", ["--label", "k=v"]),
    ("mount: ['/a:/b:ro', 'type=tmpfs,target=/c,size=1m']", ["--mount", "/a:/b:ro", "--mount", "type=tmpfs,target=/c,size=1m"]),
    ("tmpfs: /t:size=1m\nmount: /a:/b", ["--mount", "/a:/b", "--tmpfs", "/t:size=1m"]), ("user: 1:2", ["--user", "1:2"]),
    ("user: 1000", ["--user", "1000"]),
    ("workdir: /w", ["--workdir", "/w"]), ("hostname: h", ["--hostname", "h"]), ("read-only: true", ["--read-only"]), ("read-only: false", []),
    ("cap-add: [net_admin]", ["--cap-add", "net_admin"]), ("cap-drop: ALL", ["--cap-drop", "ALL"]),
    ("device: [/dev/null]", ["--device", "/dev/null"]),
    ("ulimit: [nofile=9:10]", ["--ulimit", "nofile=9:10"]), ("init: true", ["--init"]), ("allow-new-privileges: true", ["--allow-new-privileges"]),
    ("stop-signal: int", ["--stop-signal", "int"]), ("stop-timeout: 3s", ["--stop-timeout", "3s"]), ("replicas: 3", ["--replicas", "3"]),
    ("mode: global", ["--mode", "global"]),
    ("publish: [8080:80, '127.0.0.1:53:53/udp', 22:22]", ["-p", "8080:80", "-p", "127.0.0.1:53:53/udp", "-p", "22:22"]),
    ("network: host", ["--network", "host"]), ("cpus: 0.5", ["--cpus", "0.5"]), ("memory: 64MiB", ["--memory", "64MiB"]),
    ("reserve-cpus: 250m", ["--reserve-cpus", "250m"]), ("reserve-memory: 32m", ["--reserve-memory", "32m"]),
    ("pids-limit: 7", ["--pids-limit", "7"]),
    ("constraint: [node.labels.zone==a]", ["--constraint", "node.labels.zone==a"]), ("max-per-node: 2", ["--max-per-node", "2"]),
    ("restart: on-failure", ["--restart", "on-failure"]), ("restart-max: 4", ["--restart-max", "4"]),
    ("restart-delay: 2s", ["--restart-delay", "2s"]),
    ("restart-window: 1m", ["--restart-window", "1m"]), ("starts-after: [db, cache]", ["--starts-after", "db", "--starts-after", "cache"]),
    ("readiness: http://:80/ready", ["--readiness", "http://:80/ready"]), ("liveness: none", []),
    ("image-healthcheck: false", ["--no-image-healthcheck"]),
    ("image-healthcheck: true", []),
    (
      "readiness: {check: 'tcp://:80', interval: 5s, timeout: 1s, retries: 2, start-period: 20s, start-interval: 200ms}",
      [
        "--readiness", "tcp://:80", "--readiness-interval", "5s", "--readiness-timeout", "1s", "--readiness-retries", "2", "--readiness-start-period",
        "20s", "--readiness-start-interval", "200ms",
      ]
    ),
    ("liveness:\n  check: 'shell:test -f /up'\n  retries: 9", ["--liveness", "shell:test -f /up", "--liveness-retries", "9"]),
    (
      "update: {parallelism: 25%, delay: 2s, order: stop-first, monitor: 1s, failure-action: rollback, max-failure-ratio: 0.2}",
      [
        "--update-parallelism", "25%", "--update-delay", "2s", "--update-order", "stop-first", "--update-monitor", "1s", "--update-failure-action",
        "rollback", "--update-max-failure-ratio", "0.2",
      ]
    ),
    ("update: {strategy: canary, canary-weight: '10,50'}", ["--strategy", "canary", "--canary-weight", "10,50"]),
    ("update: {canary-weight: [10, 50], strategy: canary}", ["--strategy", "canary", "--canary-weight", "10,50"]),
    ("update: {strategy: canary}", ["--strategy", "canary"]), ("update: {strategy: rolling}", ["--strategy", "rolling"]),
    ("update: {strategy: blue-green, blue-green-keep: 1m}", ["--strategy", "blue-green", "--blue-green-keep", "1m"]),
    ("rollback: {parallelism: 0, failure-action: continue}", ["--rollback-parallelism", "0", "--rollback-failure-action", "continue"]),
  ]

  @Test(arguments: equals) func `A key means what the option means`(_ lines: String, _ options: [String]) async throws {
    let spec = try Documents().spec("name: web\nimage: nginx\n\(lines)\n")
    #expect(try await spec == created(options))
  }

  /// Of each option of `service create`, which key it is. One that has none makes this fail.
  @Test func `Every option has its key, and every key its option`() throws {
    let dump = try JSONSerialization.jsonObject(with: Data(ServiceCreate._dumpHelp().utf8))
    let command = try #require((dump as? [String: Any])?["command"] as? [String: Any])
    var options: Set<String> = []
    for argument in try #require(command["arguments"] as? [[String: Any]]) {
      let names = (argument["names"] as? [[String: String]] ?? []).filter { $0["kind"] == "long" }.compactMap { $0["name"] }
      options.formUnion(names.isEmpty ? [argument["valueName"] as? String ?? "?"] : names)
    }
    options.subtract(["detach", "help", "version", "socket", "manager", "context", "stale", "timeout", "output", "quiet", "no-image-healthcheck"])
    let keys = options.map { option in
      if NativeService.strategyKeys.contains(option) { return "update.\(option)" }
      for role in ["readiness", "liveness", "update", "rollback"] where option.hasPrefix("\(role)-") {
        return "\(role).\(option.dropFirst(role.count + 1))"
      }
      return option
    }
    #expect(options.count > 50)
    #expect(Set(keys) == NativeService.allKeys.subtracting(["labels", "readiness.check", "liveness.check", "update", "rollback"]))
    // And each of them is in the table above.
    let covered = Self.equals.map(\.0).joined(separator: "\n")
    let untested = NativeService.allKeys.filter { key in
      let last = key.split(separator: ".").last.map(String.init) ?? key
      return !["name", "image"].contains(key) && !covered.contains("\(last):")
    }
    #expect(untested.isEmpty)
  }

  @Test func `The guide has every key`() throws {
    let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("../../..")
    let guide = try String(contentsOf: root.appendingPathComponent("docs/guides/apply.md"), encoding: .utf8)
    let missing = NativeService.allKeys.filter { key in
      let last = key.split(separator: ".").last.map(String.init) ?? key
      return !guide.contains("`\(last)`")
    }
    #expect(missing.isEmpty)
  }

  @Test func `JSON is read, and several documents, anchors and merges are`() throws {
    #expect(try Documents().spec(#"{"name": "web", "image": "nginx", "replicas": 2}"#).mode == .replicated(replicas: 2))
    let set = try Documents().read(
      ("a.yaml", "---\nname: a\nimage: nginx\n---\n---\n# nothing\n---\nname: b\nimage: nginx\n"), ("b.yaml", "name: c\nimage: x\n"))
    #expect(set.services.map(\.spec.name) == ["a", "b", "c"])
    #expect(set.services.map { "\($0.place)" } == ["a.yaml:2:1", "a.yaml:8:1", "b.yaml:1:1"])
    let spec = try Documents().spec("name: web\nimage: nginx\nupdate: &p {delay: 3s, monitor: 1s}\nrollback: {<<: *p, delay: 9s}\n")
    #expect(spec.update.delay == .seconds(3) && spec.rollback.delay == .seconds(9) && spec.rollback.monitor == .seconds(1))
  }

  @Test(arguments: [
    ("name: web\nimag: nginx\n", "f.yaml:1:1: service web has no image"),
    ("name: web\nimage: nginx\n  imag: x\n", "f.yaml:3:"),
    ("name: web\nimage: nginx\nimag: x\n", "f.yaml:3:1: unknown key 'imag'; did you mean image?"),
    ("name: web\nimage: nginx\nupdate:\n  delai: 1s\n", "f.yaml:4:3: unknown key 'delai'; did you mean delay?"),
    ("name: web\nimage: nginx\nzzzzzzzzz: 1\n", "unknown key 'zzzzzzzzz'; known are allow-new-privileges,"),
    ("image: nginx\n", "f.yaml:1:1: the service has no name"),
    ("name: a b\nimage: nginx\n", "f.yaml:1:1: service a b: service name \"a b\" is not valid"),
    ("name: web\nimage: nginx\nimage: x\n", "'image' is given twice"), ("name: web\nimage: [a]\n", "f.yaml:2:8: 'image' is a list"),
    ("name: web\nimage:\n", "'image' has no value"), ("name: web\nimage: NGINX:x\n", "f.yaml:1:1: service web: "),
    ("name: web\nimage: x\nreplicas: two\n", "f.yaml:3:11: 'replicas' is not valid; 'two' is not a number of replicas"),
    ("name: web\nimage: x\nread-only: yes\n", "f.yaml:3:12: 'yes' is no value of 'read-only'; use true, false"),
    ("name: web\nimage: x\npublish: ['80']\n", "f.yaml:3:11: 'publish' is not valid; '80' must name"),
    ("name: web\nimage: x\nstop-timeout: soon\n", "'soon' is not a duration"),
    ("name: web\nimage: x\ncommand: sleep 10\n", "f.yaml:3:10: 'command' is a single value; it must be a list"),
    ("name: web\nimage: x\nenv: [A]\n", "f.yaml:3:7: environment variable 'A' has no value"),
    ("name: web\nimage: x\nenv: {A: }\n", "f.yaml:3:7: environment variable 'A'"),
    ("name: web\nimage: x\nenv: {A: [b]}\n", "f.yaml:3:10: 'env.A' is a list; it must be one value"),
    ("name: web\nimage: x\nenv: {'': b}\n", "is not an environment variable"),
    ("name: web\nimage: x\nmode: global\nreplicas: 2\n", "f.yaml:4:1: replicas has no meaning with mode global"),
    ("name: web\nimage: x\nlabel: [a=b]\nlabels: {c: d}\n", "f.yaml:3:1: label and labels are the same"),
    ("name: web\nimage: x\nreadiness: {interval: 5s}\n", "f.yaml:3:12: 'readiness' has no check"),
    ("name: web\nimage: x\nreadiness: {check: none, interval: 5s}\n", "there is no check that 'interval' could be for"),
    ("name: web\nimage: x\nreadiness: ftp://x\n", "'ftp' in 'ftp://x' is no kind of health check"),
    ("name: web\nimage: x\nupdate: {max-failure-ratio: 2}\n", "'2' is no value of 'update.max-failure-ratio'"),
    ("name: web\nimage: x\nrollback: {failure-action: rollback}\n", "it would never end"),
    ("name: web\nimage: x\nstarts-after: [web]\n", "cannot wait for itself"),
    ("name: web\nimage: x\nupdate: {canary-weight: 10}\n", "f.yaml:3:10: canary-weight is not possible; the strategy is rolling"),
    ("name: web\nimage: x\nrollback: {strategy: canary}\n", "unknown key 'strategy'"),
    ("name: web\nimage: x\nmemory: 1\n", "f.yaml:1:1: service web: memory limit"), ("", "f.yaml: there is no service in it"),
    ("# nothing\n", "there is no service in it"),
    ("- a\n", "f.yaml:1:1: a document is one service"), ("hello\n", "a document is one service"), ("name: web\nimage: 'x\n", "f.yaml:"),
    ("\tname: web\n", "this is not YAML"),
    ("name: web\nimage: \u{0}\n", "this is not YAML"), ("? [a]\n: b\nname: web\nimage: x\n", "a key is no text"),
    ("name: web\nimage: *x\n", "found undefined alias"),
    ("name: web\nimage: x\nenv: {<<: 5}\n", "'<<' is a single value"), ("name: web\nimage: x\nname: y\n", "'name' is given twice"),
  ]) func `What is wrong is named with where it is`(_ text: String, _ words: String) throws {
    let said = try Documents().refusal(text)
    #expect(said.contains(words), "\(said)")
  }

  @Test func `A name can be declared once in all files`() throws {
    let error = #expect(throws: DocumentError.self) {
      try Documents().read(("a.yaml", "name: web\nimage: x\n"), ("b.yaml", "---\nname: Web\nimage: x\n"))
    }
    #expect(error?.description == "b.yaml:2:1: service Web is declared already, at a.yaml:1:1; names are unique without regard to case; rename one")
  }

  @Test func `Services that would wait for one another are refused`() throws {
    let words = try Documents().refusal(
      "name: a\nimage: x\nstarts-after: b\n---\nname: b\nimage: x\nstarts-after: [C]\n---\nname: c\nimage: x\nstarts-after: a\n")
    #expect(words.contains("f.yaml:1:1: service a cannot start; each would wait for the next: a after b after C after a"))
  }

  /// Each level takes over the one before it ten times: nobody waits for 10^9 keys.
  @Test func `What grows without end is refused`() throws {
    var text = "name: web\nimage: x\nenv: &a0 {A: b}\n"
    var last = "a0"
    for level in 1...9 {
      text += "x\(level): &a\(level) {<<: [\(Array(repeating: "*\(last)", count: 10).joined(separator: ", "))]}\n"
      last = "a\(level)"
    }
    #expect(try Documents().refusal(text.replacing("x9: ", with: "labels: ")).contains("unknown key 'x1'"))
    let services = "services:\n  web:\n    image: x\n    environment: *\(last)\n"
    let hidden = text.split(separator: "\n").dropFirst(2).map { "x-\($0)" }.joined(separator: "\n").replacing("x-env", with: "x-0")
    #expect(try Documents().refusal(hidden + "\n" + services).contains("too many keys"))
    let deep = "name: web\nimage: x\nenv: " + String(repeating: "[", count: 100_000)
    #expect(try Documents().refusal(deep).contains("this is not YAML"))
  }
}
