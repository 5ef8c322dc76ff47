import ClusterModel
import Testing

@testable import WarrenCommands

@Suite struct ComposeTests {
  /// A service `web` with these lines, four blanks in.
  private func compose(_ lines: String) -> String {
    "services:\n  web:\n    image: nginx\n" + lines.split(separator: "\n", omittingEmptySubsequences: false).map { "    \($0)\n" }.joined()
  }

  private func spec(_ lines: String, _ documents: Documents = Documents()) throws -> ServiceSpec { try documents.spec(compose(lines)) }

  @Test func `Everything that maps`() throws {
    let spec = try spec(
      """
      command: run --it "with blanks" 'and $$more'
      entrypoint: [/e, -x]
      environment: {A: b, N: 5, T: true, Q: ''}
      ports: ["8080:80", "127.0.0.1:53:53/udp", 3000-3001:4000-4001, {target: 90, published: "9090", protocol: tcp, host_ip: 127.0.0.1, mode: host}]
      volumes: [/data:/var/data:ro, {type: bind, source: /a, target: /b, read_only: true}, {type: tmpfs, target: /c, tmpfs: {size: 1m}}]
      tmpfs: [/run:size=64m, /tmp]
      labels: [a=b, c]
      stop_grace_period: 1m30s
      stop_signal: SIGINT
      user: "1000:1000"
      working_dir: /w
      hostname: h
      read_only: true
      init: true
      cap_add: [NET_ADMIN]
      cap_drop: [ALL]
      devices: ["/dev/null:/dev/x:rw"]
      ulimits: {nofile: {soft: 10, hard: 20}, nproc: 5}
      security_opt: ["no-new-privileges:false"]
      privileged: false
      deploy:
        mode: replicated
        replicas: 3
        labels: {d: e}
        update_config: {parallelism: 2, delay: 10s, failure_action: rollback, monitor: 5s, max_failure_ratio: 0.3, order: start-first}
        rollback_config: {parallelism: 0, failure_action: continue, order: stop-first}
        resources: {limits: {cpus: "0.50", memory: 50M, pids: 9}, reservations: {cpus: 0.25, memory: 20M}}
        placement: {constraints: [node.labels.zone == a, node.role!=manager], max_replicas_per_node: 2}
        restart_policy: {condition: on-failure, delay: 5s, max_attempts: 3, window: 120s}
      """)
    var container = ContainerSpec(image: "nginx")
    (container.args, container.entrypoint) = (["run", "--it", "with blanks", "and $more"], ["/e", "-x"])
    container.env = ["A=b", "N=5", "T=true", "Q="]
    container.mounts = [
      Mount(kind: .bind, source: "/data", target: "/var/data", readOnly: true), Mount(kind: .bind, source: "/a", target: "/b", readOnly: true),
      Mount(kind: .tmpfs, target: "/c", tmpfsSizeBytes: 1 << 20), Mount(kind: .tmpfs, target: "/run", tmpfsSizeBytes: 64 << 20),
      Mount(kind: .tmpfs, target: "/tmp"),
    ]
    (container.stopGrace, container.stopSignal, container.user, container.workingDirectory) = (.seconds(90), "SIGINT", "1000:1000", "/w")
    (container.hostname, container.readOnly, container.initProcess, container.allowNewPrivileges) = ("h", true, true, true)
    (container.capAdd, container.capDrop, container.devices) = (["NET_ADMIN"], ["ALL"], ["/dev/null:/dev/x:rw"])
    container.ulimits = [Ulimit(name: "nofile", soft: 10, hard: 20), Ulimit(name: "nproc", soft: 5, hard: 5)]
    var task = TaskSpec(container: container)
    task.ports = [
      PublishedPort(hostPort: 8080, containerPort: 80), PublishedPort(hostIP: "127.0.0.1", hostPort: 53, containerPort: 53, transport: .udp),
      PublishedPort(hostPort: 3000, containerPort: 4000), PublishedPort(hostPort: 3001, containerPort: 4001),
      PublishedPort(hostIP: "127.0.0.1", hostPort: 9090, containerPort: 90),
    ]
    (task.limits, task.pidsLimit) = (Resources(nanoCPUs: 500_000_000, memoryBytes: 50 << 20), 9)
    task.reservations = Resources(nanoCPUs: 250_000_000, memoryBytes: 20 << 20)
    (task.placement.constraints, task.placement.maxPerNode) = (["node.labels.zone==a", "node.role!=manager"], 2)
    (task.restart.condition, task.restart.delay, task.restart.maxAttempts, task.restart.window) = (.onFailure, .seconds(5), 3, .seconds(120))
    var expected = ServiceSpec(name: "web", mode: .replicated(replicas: 3), task: task)
    expected.labels = ["a": "b", "c": "", "d": "e"]
    (expected.update.parallelism, expected.update.delay, expected.update.failureAction) = (.slots(2), .seconds(10), .rollback)
    (expected.update.monitor, expected.update.maxFailureRatio, expected.update.order) = (.seconds(5), 0.3, .startFirst)
    (expected.rollback.parallelism, expected.rollback.failureAction, expected.rollback.order) = (.slots(0), .proceed, .stopFirst)
    #expect(spec == expected)
  }

  @Test func `A health check counts as both, with Docker's times`() throws {
    var check = HealthCheck(.exec(["/bin/sh", "-c", "curl -f localhost"]))
    (check.interval, check.timeout, check.startInterval) = (.seconds(30), .seconds(30), .seconds(5))
    let plain = try spec("healthcheck: {test: curl -f localhost}").task
    #expect(plain.readiness == check && plain.liveness == check && !plain.ignoresImageHealth)
    #expect(try spec("healthcheck: {test: [CMD-SHELL, curl -f localhost]}").task == plain)
    let timed = try spec(
      "healthcheck: {test: [CMD, a, b], interval: 1m, timeout: 10s, retries: 5, start_period: 40s, start_interval: 2s}"
    ).task.readiness
    check.probe = .exec(["a", "b"])
    (check.interval, check.timeout, check.retries, check.startPeriod, check.startInterval) = (
      .seconds(60), .seconds(10), 5, .seconds(40), .seconds(2)
    )
    #expect(timed == check)
    for lines in ["healthcheck: {disable: true}", "healthcheck: {test: [NONE]}", "healthcheck: {test: x, disable: true}"] {
      let task = try spec(lines).task
      #expect(task.ignoresImageHealth && task.readiness == nil && task.liveness == nil)
    }
    #expect(try Documents().refusal(compose("healthcheck: {test: [echo]}")).contains("f.yaml:4:25: 'services.web.healthcheck.test' is no test"))
  }

  @Test(arguments: [
    ("no", RestartPolicy.Condition.none, 0), ("\"no\"", .none, 0), ("always", .any, 0), ("unless-stopped", .any, 0), ("on-failure", .onFailure, 0),
    ("on-failure:4", .onFailure, 4),
  ]) func `restart`(_ text: String, _ condition: RestartPolicy.Condition, _ attempts: Int) throws {
    let policy = try spec("restart: \(text)").task.restart
    #expect(policy.condition == condition && policy.maxAttempts == attempts)
  }

  @Test func `Modes and numbers`() throws {
    #expect(try spec("deploy: {mode: global}").mode == .global)
    #expect(try spec("scale: 4").mode == .replicated(replicas: 4))
    #expect(try spec("deploy: {replicas: 0}").mode == .replicated(replicas: 0))
    #expect(try spec("network_mode: host").task.network == .host)
    #expect(try Documents().refusal(compose("scale: 1\ndeploy: {replicas: 2}")).contains("differ"))
    #expect(try Documents().refusal(compose("deploy: {mode: global, replicas: 2}")).contains("global and has replicas"))
    let task = try spec("cpus: 1.5\nmem_limit: 64m\nmem_reservation: 32m\npids_limit: 5").task
    #expect(
      task.limits == Resources(nanoCPUs: 1_500_000_000, memoryBytes: 64 << 20) && task.reservations.memoryBytes == 32 << 20 && task.pidsLimit == 5)
  }

  @Test func `What one depends on comes first`() throws {
    let set = try Documents().read(
      (
        "compose.yaml",
        """
        version: "3.8"
        name: shop
        x-common: &common {image: nginx, environment: {A: b}}
        services:
          web: {<<: *common, depends_on: [api, db]}
          api:
            <<: *common
            depends_on:
              db: {condition: service_healthy, required: true}
              nothing: {condition: service_started, required: false}
          db: {image: postgres}
        """
      ))
    #expect(set.unsupported.isEmpty && set.services.map(\.spec.name) == ["web", "api", "db"])
    #expect(set.services.map(\.spec.startsAfter) == [["api", "db"], ["db", "nothing"], []])
    #expect(set.services[1].spec.task.container.env == ["A=b"] && set.services.map(\.place.line) == [5, 6, 11])
    #expect(try Documents().refusal(compose("depends_on: [db]")).contains("f.yaml:4:18: service web depends on 'db', which is not in this file"))
    #expect(try Documents().refusal(compose("depends_on: [web]")).contains("cannot wait for itself"))
    #expect(try Documents().refusal(compose("depends_on: {web: {condition: x}}")).contains("'x' is no condition"))
  }

  @Test func `Environments come from files, and what the service says wins`() throws {
    var documents = Documents(environment: ["HOST": "h", "EMPTY": ""])
    documents.files = [
      "dir/a.env": "A=1\nB=2 # two\nexport C='x y'\nHOST\nGONE\nD=\"a\\nb $HOST\"\nE='$HOST'\nF=${B}3\n", "/etc/b.env": "A=9\n",
      "dir/.env": "DOT=d\nHOST=no\n",
    ]
    let spec = try documents.spec(
      compose(
        "env_file: [a.env, /etc/b.env, {path: missing.env, required: false}]\nenvironment: [B=7, HOST, GONE, DOT, \"N=${DOT}${EMPTY:-e}\", EMPTY]\nuser: ${USER_ID-5}"
      ))
    #expect(spec.task.container.env == ["A=9", "B=7", "C=x y", "HOST=h", "D=a\nb h", "E=$HOST", "F=23", "DOT=d", "N=de", "EMPTY="])
    #expect(spec.task.container.user == "5")
    #expect(try documents.refusal(compose("env_file: none.env")).contains("f.yaml:4:15: the file none.env does not exist"))
    documents.files["dir/a.env"] = "A=1\nB C=2\n"
    #expect(try documents.refusal(compose("env_file: a.env")).contains("dir/a.env:2:1: this is no variable"))
  }

  @Test func `What is not set is told once, and what is required stops it`() throws {
    let set = try Documents().read(("f.yaml", compose("user: ${WHO}\nhostname: a$WHO")))
    #expect(set.warnings.map(\.description) == ["f.yaml:4:11: the variable WHO is not set; it is taken as empty"])
    #expect(try Documents().refusal(compose("user: ${WHO?who are you}")).contains("f.yaml:4:11: variable WHO is required: who are you"))
    #expect(try Documents().refusal(compose("user: $5")).contains("f.yaml:4:11: a $ is followed by no variable"))
  }

  @Test func `What has no counterpart is listed, with where it is`() throws {
    let set = try Documents().read(
      (
        "f.yaml",
        """
        services:
          web:
            image: nginx
            build: .
            container_name: w
            networks: [front]
            tty: true
            stdin_open: false
            ports: ["80", {target: 80}, {target: 80, published: 80, mode: ingress, app_protocol: http}]
            volumes: [data:/data, ./a:/a, /b, "/c:/c:z", {type: volume, source: data, target: /x}, {type: bind, source: /d, target: /d, bind: {propagation: rshared}}]
            tmpfs: /t:mode=1777
            depends_on: {db: {condition: service_completed_successfully, restart: true}}
            security_opt: [seccomp:unconfined]
            network_mode: none
            healthcheck: {interval: 5s}
            env_file: [{path: x.env, required: false, format: raw}]
            deploy:
              mode: replicated-job
              endpoint_mode: vip
              resources: {reservations: {devices: [{capabilities: [gpu]}]}}
              placement: {preferences: [{spread: node.labels.zone}], constraints: [engine.labels.x==y]}
          db: {image: nginx, x-own: 1}
        networks: {front: }
        volumes: {data: }
        secrets:
        """
      ))
    let found = set.unsupported.map { "\($0.place.line):\($0.place.column) \($0.message.split(separator: "'")[0])" }
    #expect(
      found == [
        "4:5 services.web.build", "5:5 services.web.container_name", "6:5 services.web.networks", "7:5 services.web.tty",
        "9:13 services.web.ports: 80",
        "9:19 services.web.ports: target 80 alone", "9:67 services.web.ports.mode: ingress", "9:76 services.web.ports.app_protocol",
        "10:15 services.web.volumes: data:/data", "10:27 services.web.volumes: ./a:/a", "10:35 services.web.volumes: /b",
        "10:39 services.web.volumes: z",
        "10:50 services.web.volumes: volume data", "10:136 services.web.volumes.bind.propagation", "11:12 services.web.tmpfs: mode=1777",
        "12:34 services.web.depends_on.db.condition: service_completed_successfully", "12:66 services.web.depends_on.db.restart",
        "13:20 services.web.security_opt: seccomp:unconfined", "14:19 services.web.network_mode: none",
        "15:18 services.web.healthcheck without a test", "16:47 services.web.env_file.format", "18:13 services.web.deploy.mode: replicated-job",
        "19:7 services.web.deploy.endpoint_mode", "20:34 services.web.deploy.resources.reservations.devices",
        "21:19 services.web.deploy.placement.preferences",
        "21:76 services.web.deploy.placement.constraints: engine.labels.x==y", "23:1 networks", "24:1 volumes",
      ], "\(found.joined(separator: "\n"))")
    #expect(set.services.first?.spec.task.ports == [PublishedPort(hostPort: 80, containerPort: 80)])
    #expect(set.services.first?.spec.task.container.mounts.map(\.target) == ["/c", "/d", "/t"])
  }

  @Test(arguments: [
    ("imag: x", "f.yaml:4:5: unknown key 'imag'; did you mean image?"),
    ("deploy: {replica: 2}", "f.yaml:4:14: unknown key 'replica'; did you mean replicas?"),
    ("deploy: {update_config: {order: sideways}}", "'sideways' is no value of 'services.web.deploy.update_config.order'"),
    ("deploy: {placement: {constraints: [node.color==red]}}", "f.yaml:4:40: constraint \"node.color==red\" is not valid"),
    ("ports: ['1-3:5-6']", "are not two ranges"), ("ports: ['99999:80']", "port 99999"), ("ports: 80", "must be a list"),
    ("ports: [{published: 80}]", "has no target"),
    ("restart: often", "'often' is no value"), ("restart: on-failure:x", "'x' is no number"), ("image: ''", "service web has no image"),
    ("command: run 'x", "has no second '"),
    ("ulimits: {nofile: {soft: 5}}", "needs both"), ("environment: {A: {b: c}}", "is a mapping"), ("env_file: {required: true}", "has no path"),
    ("healthcheck: {tset: x}", "did you mean test?"),
    ("volumes: [{type: nfs}]", "'nfs' is no value"), ("tmpfs: relative", "must be an absolute path"),
    ("privileged: true\nimage: nginx", "given twice"),
  ]) func `What is wrong is named with where it is`(_ lines: String, _ words: String) throws {
    let text = lines.contains("image") ? compose(lines).replacing("    image: nginx\n    image", with: "    image") : compose(lines)
    let said = try Documents().refusal(text)
    #expect(said.contains(words), "\(said)")
  }

  @Test(arguments: [
    ("services:\n", "'services' names no service"), ("services: {web: }\n", "service web is empty"), ("services: [a]\n", "'services' is a list"),
    ("services: {web: {image: x}}\nservice: 1\n", "f.yaml:2:1: unknown key 'service'; did you mean services?"),
    ("services: {web_app: {image: x}}\n", "service name \"web_app\" is not valid"), ("services: {web: {build: .}}\n", "service web has no image"),
  ]) func `The file as a whole`(_ text: String, _ words: String) throws {
    let said = try Documents().refusal(text)
    #expect(said.contains(words), "\(said)")
  }
}
