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
