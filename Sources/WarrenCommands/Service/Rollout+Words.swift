import ClusterModel
import WarrenAPI

extension Warren_V1_Rollout {
  /// How far it is, for people.
  var words: String {
    let isRollback = kind == .rollback
    return switch state {
    case .completed: "current"
    case .paused: isRollback ? "rollback paused" : "update paused"
    case .staged: "update staged"
    case .promoted: "current, promoted"
    default: isRollback ? "rolling back" : "updating"
    }
  }

  /// `completed`, `staged`, `promoted`.
  var progressWord: String {
    switch state {
    case .staged: "staged"
    case .promoted: "promoted"
    default: "completed"
    }
  }
}

extension Warren_V1_Service {
  /// What can be done with a rollout that is not at its end though nothing is under way; empty otherwise.
  var whatNext: String {
    let name = spec.name
    switch rollout.state {
    case .staged:
      return "  Staged: \(rollout.message)\n  Go on with 'warren service promote \(name)' or back with 'warren service rollback \(name)'\n"
    case .promoted:
      let keep = DurationText.format(Duration(wire: rollout.keep))
      return "  The tasks of revision \(rollout.fromRevision) are kept aside for \(keep); 'warren service rollback \(name)' returns to them\n"
    default: return ""
    }
  }
}
