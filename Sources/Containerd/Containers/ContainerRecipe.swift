package import ClusterModel

/// Everything needed to make one container.
package struct ContainerRecipe: Sendable {
  package enum Network: Hashable, Sendable {
    case host
    /// The network namespace at this path, which must exist when the container is created.
    case namespace(path: String)
  }

  /// Unique in the containerd namespace; also the name of its snapshot and cgroup. Letters, digits, and single `.`, `_` or `-`
  /// between them; at most 76 characters.
  package var id: String
  package var image: PreparedImage

  package var spec: ContainerSpec
  package var limits = Resources()
  package var reservations = Resources()
  /// 0 means the default, 4096.
  package var pidsLimit = 0
  package var hostname: String
  package var network: Network
  /// Files on the node mounted over the container's own; nil leaves the image's.
  package var hostsFile: String?
  package var resolvConfFile: String?
  package var hostnameFile: String?
  /// `warren.service`, `warren.task`…: what a restarted worker adopts by.
  package var labels: [String: String] = [:]
  /// Kept with the container for whoever finds it later, where labels are too small: at most some hundred kilobytes.
  package var memo: [UInt8] = []
  /// Where the container's output is kept: see `LogReader`. Made when missing.
  package var logDirectory: String

  package init(
    id: String, image: PreparedImage, spec: ContainerSpec, hostname: String, network: Network, logDirectory: String
  ) {
    self.id = id
    self.image = image
    self.spec = spec
    self.hostname = hostname
    self.network = network
    self.logDirectory = logDirectory
  }
}
