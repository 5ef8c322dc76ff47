import Testing

@testable import Raft
@testable import raft_script

/// Whole clusters under random commands: messages lost and late, crashes, compaction, changes of members, transfers. What Raft promises is
/// checked after each.
@Suite struct RandomClusterTests {
  struct Subject {
    var session = Session()
    var random: SeededRandom
    private var leaders: [Term: MemberID] = [:]
    private var committed: [LogIndex: Entry] = [:]
    private var votes: [MemberID: HardState] = [:]
    private var machines: [LogIndex: [UInt8]] = [:]
    private(set) var proposals = 0

    init(seed: Int) throws {
      random = SeededRandom(seed + 1)
      let options = "prevote=\(random.chance(50)) checkquorum=\(random.chance(50)) step-down-on-removal=\(random.chance(50))"
      let limits = random.chance(50) ? "max-size-per-message=40 inflight=2 max-committed-size-per-ready=20" : ""
      let line = "voters=(1,2,3) index=5 async-storage-writes=\(random.chance(50)) \(options) \(limits)"
      try run("add-nodes 3 \(line)")
      // Those who join later begin with nothing.
      try run("add-nodes 2 async-storage-writes=\(random.chance(50)) \(options)")
    }

    var members: [ScriptMember] { session.cluster.members }

    mutating func run(_ line: String) throws { _ = session.perform(try Directive(line: line)) }

    mutating func step() throws {
      let (id, other) = (Int.random(in: 1...5, using: &random), Int.random(in: 1...5, using: &random))
      switch Int.random(in: 0..<100, using: &random) {
      case 0..<25: try run("process-ready \(id)")
      case 25..<55: try run("deliver-msgs \(id)")
      case 55..<60: try run("deliver-msgs drop=(\(id))")
      case 60..<70: try run("process-append-thread \(id)")
      case 70..<77: try run("process-apply-thread \(id)")
      case 77..<82: try run("tick-heartbeat \(id)")
      case 82..<85: try run("tick-election \(id)")
      case 85..<92:
        proposals += 1
        try run("propose \(id) p\(proposals),")
      case 92: try run("propose-conf-change \(id) \(random.pick(["v", "l", "r"]))\(other) transition=\(random.pick(["auto", "implicit"]))")
      case 93: try run("propose-conf-change \(id) v\(id) \(random.pick(["v", "l", "r"]))\(other) transition=\(random.pick(["auto", "explicit"]))")
      case 94: try run("propose-conf-change \(id)")
      case 95: try run("transfer-leadership from=\(id) to=\(other)")
      case 96: try run("compact \(id) \(members[id - 1].machine.metadata.index)")
      case 97: try run("restart \(id)")
      case 98: try run("report-unreachable \(id) \(other)")
      default: try run(random.pick(["forget-leader \(id)", "read-index \(id) r", "report-snapshot \(id) \(other) ok=\(random.chance(50))"]))
      }
    }

    /// Election safety, leader completeness as far as it shows, state machine safety, votes that last.
    mutating func check() {
      for member in members {
        let (node, log) = (member.node, member.node.log)
        if node.isLeader {
          let term = node.hardState.term
          #expect(leaders[term, default: node.id] == node.id, "two leaders in term \(term)")
          leaders[term] = node.id
        }
        let promised = votes[node.id] ?? HardState()
        #expect(member.hardState.term >= promised.term)
        if member.hardState.term == promised.term, promised.vote != .none { #expect(member.hardState.vote == promised.vote) }
        votes[node.id] = member.hardState
        #expect(log.applied <= log.applying && log.applying <= log.committed && log.committed <= log.lastIndex)
        for entry in (log.firstIndex <= log.committed ? log.slice(log.firstIndex..<(log.committed + 1)) : []) ?? [] {
          #expect(committed[entry.index, default: entry] == entry, "\(entry.index) was committed twice")
          committed[entry.index] = entry
        }
      }
    }

    /// Lets messages arrive and time pass until one leader has brought its voters to where it is.
    mutating func heal() throws -> Bool {
      for round in 0..<60 {
        // Not all at the same time: clocks in step can split one vote after another.
        for id in 1...5 where random.chance(60) { try run("tick-heartbeat \(id)") }
        try run("stabilize")
        check()
        guard let leader = members.filter(\.node.isLeader).max(by: { $0.node.hardState.term < $1.node.hardState.term }) else { continue }
        for peer in leader.node.progress where peer.progress.state == .snapshot { try run("report-snapshot \(leader.id) \(peer.member) ok=true") }
        if leader.node.configuration.isJoint { try run("propose-conf-change \(leader.id)") }
        if round % 10 == 9 { try run("propose \(leader.id) healed,") }
        let voters = leader.node.configuration.voters.members.compactMap { id in members.first { $0.id == id } }
        if round > 20, !leader.node.configuration.isJoint, voters.allSatisfy({ $0.node.log.applied == leader.node.log.lastIndex }) { return true }
      }
      return false
    }
  }

  @Test(arguments: 0..<30)
  func whatRaftPromisesHolds(_ seed: Int) throws {
    var subject = try Subject(seed: seed)
    for _ in 0..<700 {
      try subject.step()
      subject.check()
    }
    let isHealed = try subject.heal()
    #expect(isHealed, "\(subject.members.map(\.summary))")
  }
}
