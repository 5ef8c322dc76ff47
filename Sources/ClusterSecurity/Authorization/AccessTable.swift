/// Who may call what: one row for each method of `warren.v1.WarrenAPI` and `warren.v1.WorkerSessions`. What has no row is nobody's.
package enum AccessTable {
  /// How much of it.
  package enum Scope: Sendable, Equatable {
    case everything
    /// A node, only what is its own: itself, its tasks, and what those need. The handler looks at this.
    case own
  }

  package struct Row: Sendable, Equatable {
    package var admin: Scope?
    package var manager: Scope?
    package var worker: Scope?
    package var stranger = false

    /// People, and whatever a manager passes on for them.
    static let people = Row(admin: .everything)
    /// What managers look up themselves.
    static let peopleAndManagers = Row(admin: .everything, manager: .everything)
    /// What a node reports of itself.
    static let nodes = Row(manager: .own, worker: .own)
    /// What a node may read of its own, and people of all.
    static let peopleAndNodes = Row(admin: .everything, manager: .everything, worker: .own)
    /// What a node may do about itself, and people about all.
    static let peopleAndNodesThemselves = Row(admin: .everything, manager: .own, worker: .own)
    static let everyoneKnown = Row(admin: .everything, manager: .everything, worker: .everything)
    /// The token in the call says whether it is allowed. Root and nodes have a certificate and no need of it.
    static let strangers = Row(stranger: true)

    package func scope(for role: NodeIdentity.Role) -> Scope? {
      switch role {
      case .admin: admin
      case .manager: manager
      case .worker: worker
      }
    }
  }

  package static let rows: [String: Row] = [
    "RegisterNode": .nodes, "Heartbeat": .nodes, "UpdateTaskStatus": .nodes, "RequestCertificate": .nodes,
    "Session": .nodes, "Operate": .nodes,

    "JoinCluster": .strangers,

    "GetNode": .peopleAndNodes, "ListTasks": .peopleAndNodes, "GetTask": .peopleAndNodes, "WatchTasks": .peopleAndNodes,
    // Also how a worker learns of the other managers.
    "GetClusterInfo": .everyoneKnown,

    "ListNodes": .peopleAndManagers, "GetService": .peopleAndManagers, "ListServices": .peopleAndManagers, "StreamEvents": .peopleAndManagers,

    // A node drains and removes itself when it leaves.
    "UpdateNode": .peopleAndNodesThemselves, "RemoveNode": .peopleAndNodesThemselves, "ChangeNodeRole": .people,
    "CreateService": .people, "UpdateService": .people, "ChangeRollout": .people, "DeleteService": .people, "ServiceLogs": .people, "Exec": .people,
    "ApplyServices": .people,
    "LoadImage": .people, "PullImage": .people, "ListImages": .people, "PruneImages": .people,
    "CreateSecret": .people, "GetSecretByName": .people, "DeleteSecret": .people, "ListSecrets": .people,
    "CreateVolume": .people, "GetVolumeByName": .people, "DeleteVolume": .people, "ListVolumes": .people,
    "BackupCluster": .people, "GenerateJoinToken": .people, "IssueAdminCertificate": .people, "RevokeCertificate": .people,
    "RotateAuthority": .people,
  ]
}
