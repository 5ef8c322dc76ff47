import ClusterModel

enum ReplicaCount {
  static func parse(_ text: String) throws -> Int {
    guard let count = Int(text), count >= 0 else { throw ValueError("'\(text)' is not a number of replicas; use 0 to \(ServiceSpec.mostReplicas)") }
    guard count <= ServiceSpec.mostReplicas else { throw ValueError("\(count) replicas are too many; use 0 to \(ServiceSpec.mostReplicas)") }
    return count
  }
}
