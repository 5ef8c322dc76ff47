import GRPCCore
import SwiftProtobuf
import Testing
import WarrenAPI

@testable import WarrenCommands

@Suite struct OutputTests {
  private var service: Warren_V1_Service {
    .with {
      $0.id = "abc"
      $0.spec.name = "web"
      $0.spec.labels = ["on": "true", "a": "x: y"]
      $0.spec.replicated.replicas = 2
      $0.spec.task.container.image = "nginx"
      $0.spec.task.ports = [.with { ($0.hostPort, $0.containerPort, $0.protocol) = (8080, 80, .tcp) }]
      $0.meta.createdAt = .init(seconds: 1_772_355_600, nanos: 250_000_000)
      $0.meta.version = 7
      $0.tally = .with { ($0.running, $0.desired) = (0, 2) }
    }
  }

  private func row() -> ServiceRow { ServiceRow(service: service) }

  @Test func `A list is a header and one row each`() throws {
    let text = try Output.render([service], rows: [row()], format: .table)
    let lines = text.split(separator: "\n")
    #expect(lines.count == 2)
    #expect(lines[0].hasPrefix("NAME   REPLICAS   IMAGE   ID    PORTS          AGE"))
    #expect(lines[1].hasPrefix("web    0/2        nginx   abc   8080->80/tcp   "))
  }

  @Test func `A service without tasks says what it starts after`() {
    var waiting = service
    waiting.waitingFor = ["db"]
    #expect(
      ServiceRow(service: waiting).cells[1] == "0/2 (starts after db)" && waiting.waitingWords == "starts after db" && service.waitingWords.isEmpty)
  }

  @Test func `What a list counts is in its objects, also when it is nothing`() throws {
    let json = try Output.render([service], rows: [row()], format: .json)
    #expect(json.contains("\"tally\": {\n      \"running\": 0,\n      \"desired\": 2\n    }"), "\(json)")
    #expect(try Output.render([service], rows: [row()], format: .yaml).contains("tally:\n    running: 0\n    desired: 2\n"))
  }

  @Test func `A node whose runtime cannot be used is degraded, and its tasks say why they wait`() {
    var node = Warren_V1_Node.with { ($0.id, $0.state, $0.runtimeProblem) = ("edge-1", .ready, "containerd does not answer") }
    #expect(NodeRow(node: node).cells[2] == "degraded" && NodeRow(node: node).cells.last == "containerd does not answer")
    func words(_ state: Warren_V1_TaskState, _ message: String = "") -> String? {
      let task = Warren_V1_Task.with { ($0.id, $0.nodeID, $0.status.state, $0.status.message) = ("t", "edge-1", state, message) }
      return TaskRow.rows([task], nodes: [node]).first?.cells.last
    }
    #expect(words(.assigned) == "containerd does not answer" && words(.stopping) == "containerd does not answer")
    #expect(words(.running) == "" && words(.failed) == "" && words(.waiting, "exited with 1") == "exited with 1")
    node.runtimeProblem = ""
    #expect(NodeRow(node: node).cells[2] == "ready" && words(.assigned) == "")
    (node.state, node.message) = (.down, "not heard from")
    #expect(NodeRow(node: node).cells[2] == "down" && NodeRow(node: node).cells.last == "not heard from")
  }

  @Test func `Following goes on where it was broken off`() {
    func entry(_ task: String, _ nanos: Int32) -> Warren_V1_LogEntry { .with { ($0.taskID, $0.at) = (task, .init(seconds: 7, nanos: nanos)) } }
    let position = LogPosition()
    let request = Warren_V1_ServiceLogsRequest.with { ($0.service, $0.follow, $0.tail) = ("web", true, 3) }
    #expect(position.resumed(request) == request)
    #expect(position.advance(to: entry("a", 5)) && position.advance(to: entry("b", 2)) && position.advance(to: entry("a", 6)))
    let resumed = position.resumed(request)
    #expect(!resumed.hasTail && resumed.since == .init(seconds: 7, nanos: 2) && resumed.follow)
    #expect(!position.advance(to: entry("b", 2)) && !position.advance(to: entry("a", 6)), "they were printed")
    #expect(position.advance(to: entry("b", 3)) && position.advance(to: entry("c", 1)))
  }

  @Test func `An object without a schema has its fields in order`() throws {
    let fields = Dictionary(uniqueKeysWithValues: "hgfedcba".map { (String($0), Google_Protobuf_Value(stringValue: "\"\($0)")) })
    let text = try Output.json(Google_Protobuf_Struct(fields: fields))
    #expect(text.hasPrefix(#"{"a":"\"a","b":"\"b","c":"#) && text.hasSuffix(#""h":"\"h"}"#), "\(text)")
  }

  @Test func `An empty list says so, as an array where that is asked for`() throws {
    let none: [ServiceRow] = []
    let payload: [Warren_V1_Service] = []
    #expect(try Output.render(payload, rows: none, format: .table) == "No services found\n")
    #expect(try Output.render(payload, rows: none, format: .table, quiet: true) == "")
    #expect(try Output.render(payload, rows: none, format: .json) == "[]\n")
    #expect(try Output.render(payload, rows: none, format: .yaml) == "[]\n")
    #expect(NodeRow.emptyText == "No nodes found")
  }

  @Test func `Quiet prints ids`() throws { #expect(try Output.render([service], rows: [row()], format: .table, quiet: true) == "abc\n") }

  @Test func `JSON is the message in protobuf's form`() throws {
    #expect(
      try Output.render([service], rows: [row()], format: .json) == """
        [
          {
            "id": "abc",
            "meta": {
              "version": "7",
              "createdAt": "2026-03-01T09:00:00.250Z"
            },
            "spec": {
              "name": "web",
              "labels": {
                "a": "x: y",
                "on": "true"
              },
              "replicated": {
                "replicas": 2
              },
              "task": {
                "container": {
                  "image": "nginx"
                },
                "ports": [
                  {
                    "hostPort": 8080,
                    "containerPort": 80,
                    "protocol": "PROTOCOL_TCP"
                  }
                ]
              }
            },
            "tally": {
              "running": 0,
              "desired": 2
            }
          }
        ]

        """)
  }

  @Test func `YAML has the same values and keeps strings strings`() throws {
    #expect(
      try Output.render(service, text: "", format: .yaml) == """
        id: abc
        meta:
          version: "7"
          createdAt: "2026-03-01T09:00:00.250Z"
        spec:
          name: web
          labels:
            a: 'x: y'
            "on": "true"
          replicated:
            replicas: 2
          task:
            container:
              image: nginx
            ports:
            - hostPort: 8080
              containerPort: 80
              protocol: PROTOCOL_TCP
        tally:
          running: 0
          desired: 2

        """)
  }

  @Test func `Pretty JSON leaves strings alone`() {
    #expect(PrettyJSON.format(#"{"a":"{,:\"}","b":[],"c":{}}"#) == "{\n  \"a\": \"{,:\\\"}\",\n  \"b\": [],\n  \"c\": {}\n}")
  }

  @Test func `A table cuts nothing, aligns wide characters and lets no control character through`() {
    let text = TextTable.render(header: ["NAME", "X"], rows: [["日本", "1"], [String(repeating: "n", count: 80), "a\nb\u{1B}[31m"]])
    let lines = text.split(separator: "\n")
    #expect(lines.count == 3)
    #expect(lines[1] == "日本" + String(repeating: " ", count: 79) + "1")
    #expect(lines[2] == String(repeating: "n", count: 80) + "   a b [31m")
  }

  @Test func `Cluster info keeps the original's words`() {
    let info = Warren_V1_GetClusterInfoResponse.with {
      $0.leaderID = "manager-1"
      $0.leaderAddress = "host:7946"
      $0.servers = [.with { ($0.id, $0.address, $0.suffrage, $0.healthy) = ("manager-1", "host:7946", .voter, true) }]
    }
    #expect(
      ClusterInfo.text(info) == """
        Cluster Information:
          Leader ID: manager-1
          Leader Address: host:7946
          Servers: 1

        Raft Servers:
          - ID: manager-1
            Address: host:7946
            Suffrage: Voter

        """)
  }

  @Test func `Cluster info says who is away, and that an even number helps nobody`() {
    let info = Warren_V1_GetClusterInfoResponse.with {
      $0.servers = [
        .with { ($0.id, $0.suffrage, $0.healthy) = ("m1", .voter, true) },
        .with { ($0.id, $0.suffrage, $0.lastContact) = ("m2", .voter, .init(seconds: 12)) },
        .with { ($0.id, $0.suffrage, $0.lag) = ("m3", .learner, 2000) },
      ]
    }
    let text = ClusterInfo.text(info)
    #expect(text.contains("    Status: not heard of for 12s\n") && text.contains("    Status: never heard of\n    Behind: 2000 entries\n"))
    #expect(text.contains("Note: 2 voters survive the loss of no more managers than 1 do"))
  }

  @Test func `Creating a service keeps the original's words`() {
    #expect(ServiceCreate.text(service) == "✓ Service created: web\n  ID: abc\n  Image: nginx\n  Replicas: 2\n")
  }

  @Test func `A log line keeps the container's bytes`() throws {
    let entry = Warren_V1_LogEntry.with {
      ($0.serviceName, $0.slot, $0.line, $0.stream) = ("web", 2, .init([0xFF, 0x41]), .stdout)
      $0.at = .init(seconds: 1_772_355_600)
    }
    let printer = LogPrinter(format: .table, timestamps: true, prefix: true)
    #expect(try printer.line(entry) == Array("web.2 | 2026-03-01T09:00:00Z ".utf8) + [0xFF, 0x41, 0x0A])
    #expect(try LogPrinter(format: .table, timestamps: false, prefix: false).line(entry) == [0xFF, 0x41, 0x0A])
  }

  @Test func `An event is one line`() {
    let event = Warren_V1_Event.with {
      $0.at = .init(seconds: 1_772_355_600)
      ($0.kind, $0.action, $0.id, $0.name, $0.nodeID, $0.message) = (.task, "failed", "t1", "web.1", "edge-1", "exited\nwith 1")
    }
    #expect(EventsCommand.text(event) == "2026-03-01T09:00:00Z task web.1 (t1) failed on edge-1: exited with 1\n")
  }
}
