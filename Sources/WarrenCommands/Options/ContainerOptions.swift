import ArgumentParser
import ClusterModel

/// How a service's containers are made.
struct ContainerOptions: ParsableArguments {
  @Option(name: .shortAndLong, help: "Image to run, for example nginx or registry.local:5000/team/app:1.2.", completion: .imageNames) var image:
    String
  @Option(name: .shortAndLong, help: ArgumentHelp("Set an environment variable.", valueName: "key=value"), transform: KeyValue.parseEnvironment)
  var env: [String] = []
  @Option(name: .shortAndLong, help: ArgumentHelp("Label the service.", valueName: "key=value"), transform: ServiceLabel.init(parsing:))
  var label: [ServiceLabel] = []
  @Option(
    help: ArgumentHelp("Mount from the node: type=bind,source=/a,target=/b[,readonly] or /a:/b[:ro].", valueName: "mount"), transform: MountText.parse
  )
  var mount: [Mount] = []
  @Option(help: ArgumentHelp("Mount memory as a file system: /path[:size=64MiB].", valueName: "path"), transform: MountText.parseTmpfs)
  var tmpfs: [Mount] = []
  @Option(help: ArgumentHelp("Run as this user.", valueName: "user[:group]")) var user = ""
  @Option(help: ArgumentHelp("Working directory in the container.", valueName: "path")) var workdir = ""
  @Option(help: "Host name in the container (default: <service>-<slot>).") var hostname = ""
  @Option(help: "Program to run instead of the image's entrypoint; empty for none.") var entrypoint: String?
  @Flag(help: "Make the container's root file system read-only.") var readOnly = false
  @Option(help: ArgumentHelp("Add a capability, for example NET_ADMIN.", valueName: "name"), transform: CapabilityName.parse) var capAdd: [String] =
    []
  @Option(help: ArgumentHelp("Take a capability away, or ALL.", valueName: "name"), transform: CapabilityName.parse) var capDrop: [String] = []
  @Option(help: ArgumentHelp("Give a device of the node: /dev/host[:/dev/container[:rwm]].", valueName: "device"), transform: DeviceText.parse)
  var device: [String] = []
  @Option(help: ArgumentHelp("Limit a resource of each process: nofile=1024[:4096].", valueName: "name=soft[:hard]"), transform: UlimitText.parse)
  var ulimit: [Ulimit] = []
  @Flag(name: .customLong("init"), help: "Run a small init as process 1 that reaps zombies and forwards signals.") var initProcess = false
  @Flag(help: "Let set-uid programs such as sudo gain privileges.") var allowNewPrivileges = false
  @Option(
    help: ArgumentHelp("Signal that asks the container to stop (default: the image's, else SIGTERM).", valueName: "signal"),
    transform: SignalName.parse)
  var stopSignal: String?
  @Option(
    parsing: .unconditional, help: ArgumentHelp("Time between the stop signal and SIGKILL (default: 10s).", valueName: "duration"),
    transform: DurationText.parse)
  var stopTimeout: Duration = .seconds(10)

  func spec(command: [String]) -> ContainerSpec {
    var spec = ContainerSpec(image: image)
    spec.entrypoint = entrypoint.map { $0.isEmpty ? [] : [$0] }
    spec.args = command
    spec.env = env
    spec.user = user
    spec.workingDirectory = workdir
    spec.hostname = hostname
    spec.mounts = mount + tmpfs
    spec.readOnly = readOnly
    spec.capAdd = capAdd
    spec.capDrop = capDrop
    spec.devices = device
    spec.initProcess = initProcess
    spec.stopSignal = stopSignal ?? ""
    spec.stopGrace = stopTimeout
    spec.ulimits = ulimit
    spec.allowNewPrivileges = allowNewPrivileges
    return spec
  }
}

struct ServiceLabel: Sendable {
  let key: String
  let value: String

  init(parsing text: String) throws { (key, value) = try KeyValue.parseLabel(text) }
}
