import ClusterModel
import ClusterSecurity
import Testing

@Suite struct TokenTests {
  let fixture: Fixture
  let pins: [AuthorityPin]
  init() throws {
    fixture = try Fixture()
    pins = fixture.authority.trust.pins
  }

  private func issue(
    _ role: ClusterNode.Role, life: Duration = JoinTokens.defaultLife, rotate: Bool = false, among tokens: [JoinToken] = [],
    at now: Timestamp = Fixture.now
  ) throws -> JoinTokens.Issue {
    var generator = SystemRandomNumberGenerator()
    return try JoinTokens(tokens).issue(for: role, life: life, rotate: rotate, pin: fixture.authority.pin, now: now, using: &generator)
  }

  private func refusal(_ secret: JoinSecret, for role: ClusterNode.Role, _ tokens: [JoinToken], at now: Timestamp = Fixture.now) -> WarrenError? {
    do { try JoinTokens(tokens).check(secret, for: role, pins: pins, now: now) } catch { return error }
    return nil
  }

  @Test func textIsThePinAndASecret() throws {
    let issue = try issue(.worker)
    let text = issue.secret.text
    #expect(text.count == 64)
    #expect(text.allSatisfy { "0123456789abcdef".contains($0) })
    #expect(text.hasPrefix(fixture.authority.pin.text))
    #expect(try JoinSecret(text) == issue.secret)
    #expect(try self.issue(.worker).secret != issue.secret)
  }

  @Test func storeHasOnlyAHash() throws {
    let issue = try issue(.worker)
    let stored = try #require(issue.puts.first)
    #expect(stored.id == issue.secret.hash)
    #expect(!issue.secret.text.contains(stored.id.rawValue))
    #expect(stored.expiresAt == Fixture.now + Fixture.day)
    #expect(!"\(issue)".contains(issue.secret.text.suffix(32)))
    #expect(!String(reflecting: issue).contains(issue.secret.text.suffix(32)))
  }

  @Test(arguments: [ClusterNode.Role.worker, .manager]) func letsItsRoleIn(_ role: ClusterNode.Role) throws {
    let issue = try issue(role)
    #expect(refusal(issue.secret, for: role, issue.puts) == nil)
    #expect(refusal(issue.secret, for: role, issue.puts, at: Fixture.now + Fixture.day) == nil)
    let other: ClusterNode.Role = role == .worker ? .manager : .worker
    let error = try #require(refusal(issue.secret, for: other, issue.puts))
    #expect(error.code == .permissionDenied)
    #expect(error.message.contains("for a \(role), not for a \(other)"))
  }

  @Test func runsOut() throws {
    let issue = try issue(.worker, life: .seconds(60))
    let error = try #require(refusal(issue.secret, for: .worker, issue.puts, at: Fixture.now + .seconds(61)))
    #expect(error.code == .unauthenticated && error.message.contains("ran out at"))
  }

  @Test func unknownSecretIsRefused() throws {
    let issue = try issue(.worker)
    let other = try self.issue(.worker)
    let error = try #require(refusal(other.secret, for: .worker, issue.puts))
    #expect(error.code == .unauthenticated && error.message.contains("not known here"))
  }

  @Test func foreignClustersTokenIsRefused() throws {
    let other = try Fixture("c2")
    var generator = SystemRandomNumberGenerator()
    let issue = try JoinTokens([]).issue(for: .worker, pin: other.authority.pin, now: Fixture.now, using: &generator)
    let error = try #require(refusal(issue.secret, for: .worker, issue.puts))
    #expect(error.code == .unauthenticated && error.message.contains("of another cluster") && error.message.contains(other.authority.pin.text))
  }

  @Test func rotationEndsAllOfTheRoleAndNoOther() throws {
    let (first, second, manager) = (try issue(.worker), try issue(.worker), try issue(.manager))
    let before = first.puts + second.puts + manager.puts
    let rotation = try issue(.worker, rotate: true, among: before)
    #expect(rotation.puts.count == 3)
    let after = rotation.puts + manager.puts
    #expect(refusal(rotation.secret, for: .worker, after) == nil)
    #expect(refusal(manager.secret, for: .manager, after) == nil)
    for old in [first, second] {
      let error = try #require(refusal(old.secret, for: .worker, after, at: Fixture.now + .seconds(1)))
      #expect(error.message.contains("was replaced by another"))
    }
  }

  @Test func withoutRotationEarlierOnesStillCount() throws {
    let first = try issue(.worker)
    let second = try issue(.worker, among: first.puts)
    #expect(second.puts.count == 1 && second.removals.isEmpty)
    #expect(refusal(first.secret, for: .worker, first.puts + second.puts) == nil)
  }

  @Test func thoseThatEndedLongAgoAreForgotten() throws {
    let first = try issue(.worker, life: .seconds(60))
    #expect(try issue(.worker, among: first.puts, at: Fixture.now + Fixture.day).removals.isEmpty)
    #expect(try issue(.worker, among: first.puts, at: Fixture.now + Fixture.day + Fixture.day * 7).removals == first.puts)
  }

  @Test(arguments: [Duration.zero, .seconds(-1), .milliseconds(999), .seconds(366 * 86_400)]) func lifeHasBounds(_ life: Duration) {
    #expect(throws: WarrenError.self) { try issue(.worker, life: life) }
  }

  @Test(arguments: [
    "", "abc", String(repeating: "a", count: 63), String(repeating: "A", count: 64), String(repeating: "g", count: 64),
    String(repeating: "é", count: 32),
  ])
  func whatIsNoTokenIsNotRepeated(_ text: String) throws {
    let error = #expect(throws: WarrenError.self) { try JoinSecret(text) }
    #expect(error?.code == .invalidArgument)
    if text.count > 3 { #expect(error?.message.contains(text) == false) }
  }

  @Test func throttleSlowsOnlyWhoFails() throws {
    var throttle = JoinThrottle()
    for _ in 0..<JoinThrottle.burst {
      try throttle.check("192.0.2.1", now: Fixture.now)
      throttle.failed("192.0.2.1", now: Fixture.now)
    }
    #expect(throws: WarrenError.self) { try throttle.check("192.0.2.1", now: Fixture.now) }
    try throttle.check("192.0.2.2", now: Fixture.now)
    try throttle.check("192.0.2.1", now: Fixture.now + JoinThrottle.interval)
    for number in 0..<5000 { throttle.failed("x\(number)", now: Fixture.now) }
    try throttle.check("192.0.2.3", now: Fixture.now)
  }
}
