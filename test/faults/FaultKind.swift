/// What can be done to a machine, in the words of `run.sh`.
enum FaultKind: String, CaseIterable, Sendable {
  /// The daemon: SIGKILL, until it is started again.
  case kill
  /// The daemon: SIGSTOP, until SIGCONT.
  case pause
  /// The machine: everything in it ends at once, until it boots and the daemon is started; its disk stays.
  case power
  /// The machine's link, in both directions, or only what comes to it, or only what it sends.
  case cut
  case cutIn = "cut-in"
  case cutOut = "cut-out"
  /// 256 kbit/s with a queue of 400 ms each way.
  case slow
  /// Every fifth packet is lost each way.
  case lossy
  /// containerd: SIGKILL; the daemon has to start it again.
  case containerd
  /// All managers' daemons: SIGKILL, then all are started at once.
  case restartAll = "restart-all"
  /// A further machine joins.
  case joinManager = "join-manager"
  case joinWorker = "join-worker"
  /// It goes again: by itself when what runs there runs elsewhere, or because a manager is told so.
  case leave, remove

  /// How long it lasts, in milliseconds; nil when it is over at once.
  var duration: ClosedRange<Int>? {
    switch self {
    case .kill: 300...4000
    case .power: 500...5000
    case .pause: 500...6000
    case .cut, .cutIn, .cutOut: 1000...8000
    case .slow, .lossy: 2000...8000
    case .restartAll: 200...2000
    case .containerd, .joinManager, .joinWorker, .leave, .remove: nil
    }
  }

  static let ofManagers: [FaultKind] = [.kill, .pause, .power, .cut, .cutIn, .cutOut, .slow, .lossy, .restartAll]
  static let ofWorkers: [FaultKind] = [.kill, .pause, .power, .cut, .cutIn, .cutOut, .slow, .lossy, .containerd]
}
