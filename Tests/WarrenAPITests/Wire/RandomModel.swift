import ClusterModel
import TestKit

/// Random model values, the same for the same seed.
struct RandomModel {
  private var generator: SeededGenerator

  init(seed: UInt64) { generator = SeededGenerator(seed: seed) }

  mutating func int(_ range: ClosedRange<Int>) -> Int { Int.random(in: range, using: &generator) }
  mutating func bool() -> Bool { Bool.random(using: &generator) }
  mutating func pick<T>(_ values: [T]) -> T { values[int(0...values.count - 1)] }
  mutating func text() -> String { String((0..<int(0...8)).map { _ in pick(["a", "Z", "0", "-", "ü", "日", "\u{0}", "\n"]) }) }
  mutating func texts() -> [String] { (0..<int(0...3)).map { _ in text() } }
  mutating func labels() -> [String: String] {
    Dictionary((0..<int(0...3)).map { _ in (text(), text()) }, uniquingKeysWith: { first, _ in first })
  }
  mutating func time() -> Timestamp {
    pick([.epoch, Timestamp(nanosecondsSinceEpoch: -1), Timestamp(nanosecondsSinceEpoch: Int64.random(in: .min ... .max, using: &generator))])
  }
  mutating func duration() -> Duration { pick([.zero, .nanoseconds(1), .milliseconds(-1500), .nanoseconds(Int64(int(0...Int(UInt32.max))) * 1000)]) }
  mutating func uint64() -> UInt64 { pick([0, 1, .max, UInt64.random(in: 0 ... .max, using: &generator)]) }
  mutating func count() -> Int { pick([0, 1, int(0...Int(UInt32.max))]) }

  /// Fields with numbers no message of ours has: 1000 (varint) and 1001 (bytes).
  mutating func unknown() -> UnknownFields {
    bool() ? UnknownFields() : UnknownFields([0xC0, 0x3E, UInt8(int(0...127)), 0xCA, 0x3E, 0x02, 0x68, UInt8(int(0...255))])
  }

  mutating func meta() -> Meta { Meta(version: uint64(), createdAt: time(), updatedAt: time()) }
  mutating func resources() -> Resources { Resources(nanoCPUs: Int64(count()), memoryBytes: pick([0, -1, .max, Int64(count())])) }
}

extension RandomModel {
  mutating func cluster() -> Cluster {
    var value = Cluster(id: ClusterID(text()))
    value.meta = meta()
    if bool() {
      value.authority = AuthorityRecord(roots: pick([[], [[1]], [[1, 2], []]]), links: pick([[], [[3]]]), sealedKey: pick([[], [0, 255]]))
      value.authority?.unknown = unknown()
    }
    value.revoked = (0..<int(0...2)).map { _ in
      var revoked = RevokedCertificate(serial: text(), subject: text(), expiresAt: time())
      revoked.unknown = unknown()
      return revoked
    }
    value.lastMemberID = uint64()
    value.unknown = unknown()
    return value
  }

  mutating func node() -> ClusterNode {
    var description = NodeDescription(
      hostname: text(), os: text(), architecture: text(), resources: resources(), runtimeVersion: text(), warrenVersion: text(), kernel: text())
    description.unknown = unknown()
    var value = ClusterNode(id: NodeID(text()), roles: pick([[], [.worker], [.manager], [.manager, .worker]]), description: description)
    value.meta = meta()
    value.labels = labels()
    value.availability = pick([.active, .drain])
    value.drainDeadline = pick([nil, time()])
    value.state = pick([.ready, .down])
    value.message = text()
    value.apiAddress = text()
    value.runtimeProblem = text()
    value.keys = texts()
    value.memberID = uint64()
    value.raftAddress = text()
    value.unknown = unknown()
    return value
  }

  mutating func container() -> ContainerSpec {
    var value = ContainerSpec(image: text())
    value.entrypoint = pick([nil, [], ["sh", "-c", text()]])
    value.args = texts()
    value.env = texts()
    value.user = text()
    value.workingDirectory = text()
    value.hostname = text()
    value.labels = labels()
    value.mounts = (0..<int(0...2)).map { _ in
      var mount = Mount(kind: pick([.bind, .tmpfs]), source: text(), target: text(), readOnly: bool(), tmpfsSizeBytes: uint64())
      mount.unknown = unknown()
      return mount
    }
    value.readOnly = bool()
    value.capAdd = texts()
    value.capDrop = texts()
    value.devices = texts()
    value.initProcess = bool()
    value.stopSignal = text()
    value.stopGrace = duration()
    value.ulimits = (0..<int(0...2)).map { _ in Ulimit(name: text(), soft: uint64(), hard: uint64()) }
    value.allowNewPrivileges = bool()
    value.unknown = unknown()
    return value
  }

  mutating func taskSpec() -> TaskSpec {
    var value = TaskSpec(container: container())
    value.limits = resources()
    value.reservations = resources()
    value.restart.condition = pick([.any, .onFailure, .none])
    value.restart.delay = duration()
    value.restart.maxAttempts = count()
    value.restart.window = duration()
    value.restart.unknown = unknown()
    value.placement.constraints = texts()
    value.placement.maxPerNode = count()
    value.placement.unknown = unknown()
    value.network = pick([.bridge, .host])
    value.ports = (0..<int(0...2)).map { _ in
      var port = PublishedPort(
        hostIP: text(), hostPort: UInt16(int(0...65535)), containerPort: UInt16(int(0...65535)), transport: pick([.tcp, .udp]))
      port.unknown = unknown()
      return port
    }
    value.pidsLimit = count()
    value.unknown = unknown()
    return value
  }

  mutating func service() -> ClusterService {
    var spec = ServiceSpec(name: text(), mode: pick([.global, .replicated(replicas: count())]), task: taskSpec())
    spec.labels = labels()
    spec.update = updatePolicy()
    spec.rollback = updatePolicy()
    spec.startsAfter = texts()
    spec.unknown = unknown()
    var value = ClusterService(id: ServiceID(text()), spec: spec)
    value.meta = meta()
    value.revision = uint64()
    value.deleting = bool()
    value.waitsToStart = bool()
    value.revisions = (0..<int(0...2)).map { _ in
      var revision = ServiceRevision(number: uint64(), task: taskSpec(), madeAt: time())
      revision.unknown = unknown()
      return revision
    }
    if bool() { value.rollout = rollout() }
    value.unknown = unknown()
    return value
  }

  mutating func updatePolicy() -> UpdatePolicy {
    var value = UpdatePolicy()
    value.parallelism = pick([.slots(count()), .percent(count())])
    value.delay = duration()
    value.order = pick([nil, .startFirst, .stopFirst])
    value.monitor = duration()
    value.failureAction = pick([.pause, .rollback, .proceed])
    value.maxFailureRatio = pick([0, 0.25, 1])
    value.strategy = strategy()
    value.unknown = unknown()
    return value
  }

  mutating func strategy() -> UpdatePolicy.Strategy { pick([.rolling, .blueGreen(keep: duration()), .canary(weights: [count(), count()])]) }

  mutating func rollout() -> Rollout {
    var value = Rollout(pick([.update, .rollback]), from: uint64(), to: uint64(), at: time())
    value.state = pick([.running, .paused, .completed, .staged, .promoted])
    value.strategy = strategy()
    value.promotions = count()
    value.promotedAt = pick([nil, time()])
    value.lastLines = texts()
    value.endedAt = pick([nil, time()])
    value.message = text()
    value.failures = count()
    value.failedTasks = texts().map { TaskID($0) }
    value.unknown = unknown()
    return value
  }

  mutating func status() -> TaskStatus {
    var value = TaskStatus(state: pick(TaskState.allCases), attempt: count(), message: text(), since: time())
    value.containerID = text()
    value.pid = count()
    value.address = text()
    value.lastExit = bool() ? nil : ExitStatus(code: pick([0, -1, .max]), reason: text(), at: time())
    value.lastExit?.lastLines = texts()
    value.isStandby = bool()
    value.nextAttemptAt = bool() ? nil : time()
    value.unknown = unknown()
    return value
  }

  mutating func task() -> ClusterTask {
    var value = ClusterTask(
      id: TaskID(text()), serviceID: ServiceID(text()), serviceName: text(), slot: count(), revision: uint64(), spec: taskSpec())
    value.meta = meta()
    value.nodeID = pick([nil, "n1"])
    value.desiredState = pick([.running, .shutdown, .remove])
    value.status = status()
    value.provenAt = pick([nil, time()])
    value.isStandby = bool()
    value.retiredAt = pick([nil, time()])
    value.supersededBy = uint64()
    value.unknown = unknown()
    return value
  }

  mutating func token() -> JoinToken {
    var value = JoinToken(id: Identifier(text()), role: pick([.manager, .worker]), expiresAt: time())
    value.meta = meta()
    if bool() { value.rotatedAt = time() }
    value.unknown = unknown()
    return value
  }

  mutating func secret() -> ClusterSecret {
    var value = ClusterSecret(id: Identifier(text()), name: text(), sealedData: Array(text().utf8))
    value.meta = meta()
    value.labels = labels()
    value.unknown = unknown()
    return value
  }

  mutating func volume() -> ClusterVolume {
    var value = ClusterVolume(id: Identifier(text()), name: text(), driver: text())
    value.meta = meta()
    value.labels = labels()
    value.unknown = unknown()
    return value
  }

  mutating func request() -> RequestRecord {
    var value = RequestRecord(id: Identifier(text()), method: text(), objectID: text())
    value.meta = meta()
    value.unknown = unknown()
    return value
  }
}
