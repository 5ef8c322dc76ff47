import ClusterModel

/// Why a node cannot take a task.
enum Unfit: Hashable {
  case notWorker
  case down
  case runtime(String)
  case draining
  case constraint(String)
  case badConstraint(String)
  case memory(need: Int64, free: Int64)
  case cpus(need: Int64, free: Int64)
  case port(PublishedPort, holder: String)
  case maxPerNode(Int)
  case platform(image: String, String)

  /// Nodes that fail for the same reason are told of together; of several amounts free, the largest is told.
  private enum Group: Hashable {
    case memory, cpus
    case other(Unfit)
  }

  private var group: Group {
    switch self {
    case .memory: .memory
    case .cpus: .cpus
    default: .other(self)
    }
  }

  private var text: String {
    switch self {
    case .notWorker: "not a worker"
    case .down: "down"
    case .runtime(let problem): problem
    case .draining: "draining"
    case .constraint(let text): "constraint \(text)"
    case .badConstraint(let text): "constraint \(text.quoted) cannot be understood"
    case .memory(let need, let free): "not enough memory (need \(ByteCount.text(need)), \(ByteCount.text(free)) free)"
    case .cpus(let need, let free): "not enough CPU (need \(CPUCount.text(need)), \(CPUCount.text(free)) free)"
    case .port(let port, let holder): "host port \(port.displayText) is taken by \(holder)"
    case .maxPerNode(let limit): "already has \(limit) of the service (max per node)"
    case .platform(let image, let platform): "image \(image) is not for \(platform)"
    }
  }

  private var free: Int64 {
    switch self {
    case .memory(_, let free), .cpus(_, let free): free
    default: 0
    }
  }

  /// `2 nodes: not enough memory (need 512MiB, 300MiB free), 1 node: constraint node.labels.zone==a`: the most frequent reason first.
  static func explain(_ reasons: [Unfit]) -> String {
    if reasons.isEmpty { return "the cluster has no nodes" }
    var order: [Group] = []
    var groups: [Group: (count: Int, best: Unfit)] = [:]
    for reason in reasons {
      if let known = groups[reason.group] {
        groups[reason.group] = (known.count + 1, reason.free > known.best.free ? reason : known.best)
      } else {
        order.append(reason.group)
        groups[reason.group] = (1, reason)
      }
    }
    let parts = order.compactMap { groups[$0] }.enumerated().sorted { (-$0.element.count, $0.offset) < (-$1.element.count, $1.offset) }
    return parts.map { "\($0.element.count) \($0.element.count == 1 ? "node" : "nodes"): \($0.element.best.text)" }.joined(separator: ", ")
  }
}
