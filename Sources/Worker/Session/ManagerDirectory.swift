import ClusterModel
import Glibc

/// The managers a worker knows of, and in which order it tries them.
struct ManagerDirectory: Equatable {
  /// Of a list from a manager not more is kept.
  static let most = 64

  /// What the worker was started with; tried when none of the others can be reached.
  let seeds: [String]
  /// What the cluster said of itself.
  private(set) var learned: [ManagerAddress] = []
  /// How often an address has failed since it last worked.
  private var failures: [String: Int] = [:]

  init(seeds: [String]) { self.seeds = seeds }

  /// - Returns: whether it is news. A list without managers is taken for none: nothing could be done with it.
  mutating func learn(_ list: [ManagerAddress]) -> Bool {
    let list = Array(list.filter { !$0.address.isEmpty && $0.address.utf8.count <= 300 }.prefix(Self.most))
    if list.isEmpty || list == learned { return false }
    learned = list
    let known = Set(list.map(\.address) + seeds)
    failures = failures.filter { known.contains($0.key) }
    return true
  }

  mutating func failed(_ address: String) { failures[address, default: 0] += 1 }
  mutating func worked(_ address: String) { failures[address] = nil }

  /// Every address once: those of last resort last, then those that failed less often first, among equals by chance, according to their weights.
  /// - Parameter random: from 0 up to but not including 1.
  func order(random: () -> Double) -> [String] {
    // Efraimidis and Spirakis, "Weighted random sampling with a reservoir" (2006): sorting by u^(1/weight).
    let known = learned.map { (address: $0.address, isLast: $0.weight <= 0, key: pow(random(), 1 / Double(max($0.weight, 1)))) }
    let addresses = Set(learned.map(\.address))
    let others = seeds.filter { !addresses.contains($0) }.map { (address: $0, isLast: !learned.isEmpty, key: random()) }
    return (known + others).sorted { left, right in
      let (a, b) = (failures[left.address] ?? 0, failures[right.address] ?? 0)
      if left.isLast != right.isLast { return right.isLast }
      if a != b { return a < b }
      return left.key > right.key
    }.map(\.address)
  }
}
