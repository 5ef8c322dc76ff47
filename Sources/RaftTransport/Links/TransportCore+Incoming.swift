import Logging
import NIOCore
import NIOSSL
import Raft

// What others make.
extension TransportCore {
  /// A connection to the listener. Too many whose maker has not said who it is are closed at once.
  func accept(_ channel: any Channel) throws {
    guard !isStopped, incoming.values.count(where: { $0.peer == nil }) < limits.strangers else {
      incidents.report(.refused, ["address": "\(channel.remoteAddress?.description ?? "")", "reason": "too many connections wait for a handshake"])
      return channel.close(promise: nil)
    }
    if let serverTLS { try channel.pipeline.syncOperations.addHandler(NIOSSLServerHandler(context: serverTLS)) }
    let connection = IncomingConnection(self, channel)
    try channel.pipeline.syncOperations.addHandler(connection)
    incoming[ObjectIdentifier(connection)] = connection
  }

  /// Why the connection is not wanted; nil when it is.
  func refusal(of hello: Hello, _ certificate: NIOSSLCertificate?) -> Refusal? {
    if hello.version != Hello.currentVersion { return .version }
    if hello.cluster != configuration.cluster { return .cluster }
    if hello.from.rawValue < configuration.founder() { return .superseded }
    if hello.to != configuration.member { return .receiver }
    if peers[hello.from] == nil { return .sender }
    if case .mutualTLS(let certificates) = security {
      guard let certificate, certificates.member(certificate) == hello.from else { return .certificate }
    }
    return nil
  }

  /// Whether a manager of this cluster says that this member was given up.
  func isSuperseded(by hello: Hello, _ certificate: NIOSSLCertificate?) -> Bool {
    guard hello.cluster == configuration.cluster, hello.founder > configuration.member.rawValue else { return false }
    guard case .mutualTLS(let certificates) = security else { return true }
    return certificate.map(certificates.isManager) ?? false
  }

  /// - Returns: who made it. `refusal` has found that it is a member.
  func accepted(_ connection: IncomingConnection, from member: MemberID) -> Peer? {
    let peer = peers[member]
    peer?.accepted(connection)
    return peer
  }

  func ended(_ connection: IncomingConnection, _ end: LossDetector.End) {
    incoming[ObjectIdentifier(connection)] = nil
    if let peer = connection.peer, peers[peer.id] === peer { peer.ended(connection, end) }
  }

  /// Whether its sender may send it here, over a connection for that purpose. What is forwarded keeps the member it came from.
  func isAdmissible(_ message: Message, from sender: MemberID, _ purpose: Purpose) -> Bool {
    guard message.to == configuration.member, Purpose(of: message) == purpose else { return false }
    switch message.kind {
    case .propose, .readIndex, .transferLeader: return message.from == sender || message.from == configuration.member || peers[message.from] != nil
    default: return message.from == sender
    }
  }
}
