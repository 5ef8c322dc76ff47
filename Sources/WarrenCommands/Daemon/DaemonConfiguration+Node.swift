import ClusterModel
import Glibc

extension DaemonConfiguration {
  /// This node as it registers; what people changed about the stored one is kept.
  func node(stored: ClusterNode? = nil, runtimeVersion: String = "") throws -> ClusterNode {
    var system = utsname()
    guard uname(&system) == 0 else {
      throw WarrenError(.internalError, "the kernel does not say what it is (uname); \(String(cString: strerror(errno)))")
    }
    let machine = Self.text(&system.machine)
    let description = NodeDescription(
      hostname: Self.hostname(), architecture: machine == "x86_64" ? "amd64" : machine == "aarch64" ? "arm64" : machine,
      resources: Resources(nanoCPUs: nanoCPUs ?? Self.machineCPUs, memoryBytes: memoryBytes ?? Self.machineMemory), runtimeVersion: runtimeVersion,
      warrenVersion: WarrenVersion.current, kernel: Self.text(&system.release))
    let roles: Set<ClusterNode.Role> = !isManager ? [.worker] : runsContainers ? [.manager, .worker] : [.manager]
    var node = stored ?? ClusterNode(id: nodeID, roles: roles, description: description)
    (node.roles, node.description, node.state, node.message) = (roles, description, .ready, "")
    node.labels.merge(labels) { $1 }
    if isManager { (node.apiAddress, node.raftAddress) = (apiAddress.description, raftAddress.description) }
    return node
  }

  private static var machineCPUs: Int64 { Int64(max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN)))) * 1_000_000_000 }
  private static var machineMemory: Int64 { Int64(sysconf(Int32(_SC_PHYS_PAGES))) * Int64(sysconf(Int32(_SC_PAGESIZE))) }

  private static func text<Field>(_ field: inout Field) -> String {
    withUnsafeBytes(of: &field) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
  }
}
