import Raft
import SimulationEngine

/// Watches everything members do and remembers what Raft promises about it (Raft paper, figure 3; the durability rules of the design).
///
/// Each check costs what the event changed: log matching, for instance, holds for whole logs by induction if each entry, known by term and
/// index, has the same content and the same predecessor wherever it is written.
struct InvariantChecker {
  struct Record: Equatable {
    var digest: UInt64
    var previousTerm: Term
  }

  struct Observed {
    var epoch: Int
    var term: Term
    var commit: LogIndex
    var isLeader: Bool
  }

  private struct Ballot: Hashable {
    var member: UInt64
    var term: Term
  }

  /// Every entry that was ever written, by position.
  var written: [LogPosition: Record] = [:]
  /// The terms of the committed entries; the first is of `firstCommitted`.
  private var committedTerms: [Term] = []
  private var firstCommitted: LogIndex = 1
  /// What was committed by the end of each leader's term, in the order of terms.
  private var milestones: [(term: Term, index: LogIndex)] = []
  private var leaders: [Term: UInt64] = [:]
  private var votes: [Ballot: MemberID] = [:]
  /// By the index applied: the entry, and the state after it.
  private var states: [LogIndex: UInt64] = [:]
  private var observed: [Observed?] = []
  /// The highest term in which each member said anything.
  private var spokenTerms: [UInt64: Term] = [:]
  /// The member led in this term at its last write and since.
  private var ledSinceWrite: [UInt64: Term] = [:]

  private(set) var latestConfiguration = ConfigurationState()
  private(set) var configurationIndex: LogIndex = 0

  mutating func bootstrap(_ snapshot: SnapshotMetadata, digest: UInt64) {
    firstCommitted = snapshot.index
    committedTerms = [snapshot.term]
    latestConfiguration = snapshot.configuration
    configurationIndex = snapshot.index
    states[snapshot.index] = digest
  }

  var committedIndex: LogIndex { firstCommitted + UInt64(committedTerms.count) - 1 }

  func committedTerm(_ index: LogIndex) -> Term? {
    guard index >= firstCommitted, index <= committedIndex else { return nil }
    return committedTerms[Int(index - firstCommitted)]
  }

  // MARK: What a member is

  /// To be called after everything that may have changed the member.
  mutating func observe(_ node: SimulatedNode, _ nodes: [SimulatedNode]) throws(Violation) {
    guard let raft = node.process else { return }
    while observed.count < Int(node.id) { observed.append(nil) }
    guard raft.look() || observed[Int(node.id) - 1]?.epoch != node.epoch else { return }
    let state = raft.hardState
    let isLeader = node.isLeader
    let place = Int(node.id) - 1
    var before = observed[place]
    if before?.epoch != node.epoch { before = nil }
    if let before {
      if state.term < before.term { throw Violation(.termIsMonotonic, "\(node.id) goes from term \(before.term) to \(state.term)") }
      if state.commit < before.commit { throw Violation(.commitIsMonotonic, "\(node.id) goes from commit \(before.commit) to \(state.commit)") }
    }
    if isLeader, before?.isLeader != true || before?.term != state.term { try elected(node, raft, term: state.term) }
    if !isLeader { ledSinceWrite[node.id] = nil }
    if state.commit > before?.commit ?? 0 { try committed(node, raft, nodes, through: state.commit, term: state.term, leads: isLeader) }
    observed[place] = Observed(epoch: node.epoch, term: state.term, commit: state.commit, isLeader: isLeader)
  }

  private mutating func elected(_ node: SimulatedNode, _ raft: MemberProcess, term: Term) throws(Violation) {
    if let other = leaders[term], other != node.id { throw Violation(.electionSafety, "\(other) and \(node.id) both lead term \(term)") }
    leaders[term] = node.id
    guard let earlier = milestones.last(where: { $0.term < term }) else { return }
    let log = raft.log
    let has = log.lastIndex >= earlier.index ? log.term(earlier.index) : nil
    if has != committedTerm(earlier.index), log.firstIndex <= earlier.index + 1 {
      throw Violation(
        .leaderCompleteness,
        "\(node.id) leads term \(term), but its log lacks entry \(earlier.index), which term \(earlier.term) committed; it ends at \(log.last)")
    }
  }

  private mutating func committed(
    _ node: SimulatedNode, _ raft: MemberProcess, _ nodes: [SimulatedNode], through index: LogIndex, term: Term, leads: Bool
  ) throws(Violation) {
    let log = raft.log
    if index > committedIndex {
      guard leads else { throw Violation(.committedIsDurable, "\(node.id) has commit \(index), which no leader has committed") }
      for new in (committedIndex + 1)...index {
        guard let entryTerm = log.term(new) else { throw Violation(.committedIsDurable, "\(node.id) commits \(new), which is not in its log") }
        committedTerms.append(entryTerm)
      }
      guard let top = log.term(index) else { return }
      // Raft paper, 5.4.2 and figure 8: else what is on a majority's disks may still be overwritten.
      if top != term { throw Violation(.ownTermCommits, "\(node.id), leader of term \(term), commits \(top)/\(index)") }
      let holds: (MemberID) -> Bool = { member in
        guard member.rawValue <= nodes.count else { return false }
        let contents = nodes[Int(member.rawValue) - 1].disk.synced
        return contents.compactedIndex >= index || contents.term(at: index) == top
      }
      if !raft.configuration.hasQuorum(holds) {
        throw Violation(
          .committedIsDurable,
          "\(node.id) commits \(top)/\(index) in term \(term), synced on \(nodes.filter { holds($0.memberID) }.map(\.id)) of \(raft.configuration.summary)"
        )
      }
      if milestones.last?.term == term { milestones[milestones.count - 1].index = index } else { milestones.append((term, index)) }
      milestones.sort { $0.term < $1.term }
    } else if let own = log.term(index), own != committedTerm(index) {
      throw Violation(.committedIsFinal, "\(node.id) takes \(own)/\(index) as committed, but it is \(committedTerm(index) ?? 0)/\(index)")
    }
  }

  // MARK: What a member writes and applies

  /// Before the write changes the disk.
  mutating func wrote(_ write: DiskWrite, _ node: SimulatedNode) throws(Violation) {
    let contents = node.disk.written
    if let snapshot = write.snapshot {
      try keepsCommitted(contents, from: snapshot.metadata.index + 1, with: [], node)
      if let term = committedTerm(snapshot.metadata.index), term != snapshot.metadata.term {
        throw Violation(
          .committedIsFinal, "\(node.id) takes a snapshot of \(snapshot.metadata.term)/\(snapshot.metadata.index); \(term) is committed")
      }
    }
    if let first = write.entries.first {
      if write.snapshot == nil {
        try keepsCommitted(contents, from: first.index, with: write.entries, node)
        if first.index <= contents.lastIndex, let term = ledSinceWrite[node.id], term == node.term, node.isLeader {
          throw Violation(.leaderAppendOnly, "\(node.id), leader of term \(term), replaces entry \(first.index)")
        }
      }
      let base = write.snapshot.map { $0.metadata.index + 1 == first.index ? $0.metadata.term : nil } ?? contents.term(at: first.index - 1)
      guard var previous = base else { throw Violation(.logMatching, "\(node.id) writes \(first.index) after a gap") }
      for entry in write.entries {
        let record = Record(digest: entry.digest, previousTerm: previous)
        if let known = written[entry.position] {
          if known != record { throw Violation(.logMatching, "two entries \(entry.term)/\(entry.index) differ, or what is before them (\(node.id))") }
        } else {
          written[entry.position] = record
        }
        previous = entry.term
      }
    }
    if node.isLeader { ledSinceWrite[node.id] = node.term }
  }

  /// Nothing on this disk that was committed by the term of what takes its place may be replaced or cut off at the end. What was committed in a
  /// later term may: a member that has not heard of that term can take a late message of a leader in between, and nobody counted on its copy.
  private func keepsCommitted(_ contents: DiskContents, from index: LogIndex, with new: [Entry], _ node: SimulatedNode) throws(Violation) {
    let binding = milestones.last { $0.term <= new.last?.term ?? node.term }?.index ?? firstCommitted
    var at = max(index, contents.compactedIndex + 1)
    while at <= min(contents.lastIndex, binding) {
      let place = Int(at - index)
      if let old = contents.entry(at: at), old.term == committedTerm(at), place >= new.count || new[place].term != old.term {
        throw Violation(.committedIsFinal, "\(node.id) replaces or drops \(old.term)/\(at), which is committed")
      }
      at += 1
    }
  }

  mutating func applied(_ entry: Entry, _ node: SimulatedNode) throws(Violation) {
    guard entry.index == node.appliedIndex + 1 else {
      throw Violation(.stateMachineSafety, "\(node.id) applies \(entry.index) after \(node.appliedIndex)")
    }
    guard let term = committedTerm(entry.index), term == entry.term else {
      throw Violation(.stateMachineSafety, "\(node.id) applies \(entry.term)/\(entry.index), which is not committed")
    }
    try agrees(mix64(node.registers.digest, entry.digest), at: entry.index, node)
  }

  private mutating func agrees(_ state: UInt64, at index: LogIndex, _ node: SimulatedNode) throws(Violation) {
    if let known = states[index], known != state {
      throw Violation(.stateMachineSafety, "\(node.id) has applied something else at \(index) than others")
    }
    states[index] = state
  }

  mutating func installed(_ snapshot: Snapshot, _ node: SimulatedNode) throws(Violation) {
    guard snapshot.metadata.index <= committedIndex else {
      throw Violation(.stateMachineSafety, "\(node.id) installs a snapshot of \(snapshot.metadata.index), beyond what is committed")
    }
  }

  /// The configuration before, if this is the first member on which the change took effect.
  mutating func tookEffect(_ configuration: ConfigurationState, at index: LogIndex, _ node: SimulatedNode) throws(Violation) -> ConfigurationState? {
    guard index > configurationIndex else {
      if index == configurationIndex, configuration != latestConfiguration {
        throw Violation(.stateMachineSafety, "\(node.id) has another configuration as of \(index): \(configuration.summary)")
      }
      return nil
    }
    let old = latestConfiguration
    (latestConfiguration, configurationIndex) = (configuration, index)
    return old
  }

  // MARK: What a member says

  /// When a message leaves the machine.
  mutating func released(_ message: Message, by node: SimulatedNode) throws(Violation) {
    let durable = node.disk.synced.hardState
    if message.isBoundToTerm {
      if message.term > durable.term {
        throw Violation(.durableBeforeSent, "\(message.summary), but only term \(durable.term) is durable")
      }
      spokenTerms[node.id] = max(spokenTerms[node.id] ?? 0, message.term)
    }
    switch message.kind {
    case .voteResponse where !message.isRejection: try voted(node, for: message.to, in: message.term, durable)
    case .vote: try voted(node, for: node.memberID, in: message.term, durable)
    case .appendResponse where !message.isRejection && message.term == durable.term && message.index > 0:
      if message.index > node.disk.synced.lastIndex {
        throw Violation(.durableBeforeSent, "\(message.summary), but only \(node.disk.synced.lastIndex) entries are durable")
      }
    default: break
    }
  }

  private mutating func voted(_ node: SimulatedNode, for candidate: MemberID, in term: Term, _ durable: HardState) throws(Violation) {
    if durable.term == term, durable.vote != candidate {
      throw Violation(.durableBeforeSent, "\(node.id) votes for \(candidate) in term \(term), but on its disk is a vote for \(durable.vote)")
    }
    let ballot = Ballot(member: node.id, term: term)
    if let earlier = votes[ballot], earlier != candidate {
      throw Violation(.voteIsFixed, "\(node.id) votes for \(earlier) and for \(candidate) in term \(term)")
    }
    votes[ballot] = candidate
  }

  /// When a member starts from its disk.
  func started(_ node: SimulatedNode) throws(Violation) {
    if node.disk.synced.hardState.term < spokenTerms[node.id] ?? 0 {
      throw Violation(.termIsMonotonic, "\(node.id) spoke in term \(spokenTerms[node.id] ?? 0) and starts in \(node.disk.synced.hardState.term)")
    }
  }
}

extension Entry {
  var digest: UInt64 {
    var digest = mix64(mix64(term, index), UInt64(kind.rawValue))
    var word: UInt64 = 0
    for (place, byte) in data.enumerated() {
      word = word << 8 | UInt64(byte)
      if place % 8 == 7 { digest = mix64(digest, word) }
    }
    return mix64(digest, word ^ UInt64(data.count))
  }
}
