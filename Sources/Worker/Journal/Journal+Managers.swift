package import ClusterModel
import GRDB

extension Journal {
  /// The managers that the cluster last said it has; empty when none ever did.
  package func managers() async throws -> [ManagerAddress] {
    try await database.read { database in
      try Row.fetchAll(database, sql: "SELECT node, address, weight FROM manager ORDER BY node, address").map { row in
        ManagerAddress(node: NodeID(row["node"]), address: row["address"], weight: row["weight"])
      }
    }
  }

  /// The newest group of managers that was heard of (`Cluster.founder`).
  package func founder() async throws -> UInt64 {
    try await database.read { database in
      try Int64.fetchOne(database, sql: "SELECT number FROM founder").map { UInt64(bitPattern: $0) } ?? 0
    }
  }

  package func save(founder: UInt64) async throws {
    try await database.write { database in
      try database.execute(sql: "INSERT OR REPLACE INTO founder VALUES (1, ?)", arguments: [Int64(bitPattern: founder)])
    }
  }

  package func save(managers: [ManagerAddress]) async throws {
    try await database.write { database in
      try database.execute(sql: "DELETE FROM manager")
      for manager in managers {
        try database.execute(
          sql: "INSERT OR REPLACE INTO manager (address, node, weight) VALUES (?, ?, ?)",
          arguments: [manager.address, manager.node.rawValue, manager.weight])
      }
    }
  }
}
