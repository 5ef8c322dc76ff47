import Raft

/// What can happen next. Events that belong to one start of a node carry its epoch and are void after it.
enum Event {
  case tick(node: UInt64, epoch: Int)
  case deliver(Message, connection: Int)
  case synced(node: UInt64, epoch: Int)
  case applied(node: UInt64, epoch: Int)
  case connectionLost(node: UInt64, peer: UInt64, epoch: Int)
  case campaign(node: UInt64, epoch: Int)
  case snapshotReport(node: UInt64, epoch: Int, member: UInt64, succeeded: Bool)
  case retire(node: UInt64)
  case powerFailure(node: UInt64, epoch: Int)
  case restart(node: UInt64)
  case resume(node: UInt64)
  case restoreLinks([UInt64], [UInt64], oneWay: Bool)
  case injectFault
  case changeMembership
  case compact
  case clientStart(client: Int)
  case clientTimeout(client: Int, attempt: Int)
  case request(client: Int, attempt: Int, node: UInt64)
  case answer(client: Int, attempt: Int, value: UInt64?)
  case restoreSpeed(node: UInt64)
  case heal
  case poll
}
