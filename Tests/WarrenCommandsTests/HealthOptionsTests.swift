import ClusterModel
import Testing

@testable import WarrenCommands

struct HealthOptionsTests {
  @Test(arguments: [
    ("http://:8080", HealthCheck.Probe.http(port: 8080, path: "/")), ("http://:8080/a/b?c=d", .http(port: 8080, path: "/a/b?c=d")),
    ("tcp://:5432", .tcp(port: 5432)), ("grpc://:9000", .grpc(port: 9000, service: "")),
    ("grpc://:9000/my.Service", .grpc(port: 9000, service: "my.Service")), ("exec:pg_isready -q", .exec(["pg_isready", "-q"])),
    ("shell:test -f /tmp/up", .exec(["/bin/sh", "-c", "test -f /tmp/up"])),
  ]) func isRead(_ text: String, _ probe: HealthCheck.Probe) throws { #expect(try HealthCheckText.parse(text) == probe) }

  @Test(arguments: [
    "", "8080", "http:8080", "http://localhost:8080/", "http://:0/", "http://:70000/", "tcp://:80/path", "udp://:53", "https://:443/", "http://:/",
  ]) func isRefused(_ text: String) { #expect(throws: ValueError.self) { try HealthCheckText.parse(text) } }

  private func spec(_ arguments: String...) async throws -> TaskSpec { try await spec(arguments) }

  private func spec(_ arguments: [String]) async throws -> TaskSpec {
    let command = try await WarrenCommand.asyncParseAsRoot(["service", "create", "web", "--image", "web"] + arguments)
    return try #require(command as? ServiceCreate).spec().task
  }

  private func changed(_ task: TaskSpec, _ arguments: String...) async throws -> TaskSpec {
    var task = task
    let command = try await WarrenCommand.asyncParseAsRoot(["service", "update", "web"] + arguments)
    try #require(command as? ServiceUpdate).health.apply(to: &task)
    return task
  }

  @Test func whatIsGivenIsInTheTemplate() async throws {
    let task = try await spec(
      "--readiness", "http://:80/ready", "--readiness-interval", "5s", "--readiness-timeout", "1s", "--readiness-retries", "2",
      "--readiness-start-period", "20s", "--readiness-start-interval", "200ms", "--liveness", "tcp://:80", "--no-image-healthcheck")
    var readiness = HealthCheck(.http(port: 80, path: "/ready"))
    (readiness.interval, readiness.timeout, readiness.retries) = (.seconds(5), .seconds(1), 2)
    (readiness.startPeriod, readiness.startInterval) = (.seconds(20), .milliseconds(200))
    #expect(task.readiness == readiness && task.liveness == HealthCheck(.tcp(port: 80)) && task.ignoresImageHealth)
    let usual = try await spec()
    #expect(usual == TaskSpec(container: ContainerSpec(image: "web")))
  }

  @Test func anUpdateChangesWhatIsGiven() async throws {
    var task = try await spec("--readiness", "http://:80/ready", "--readiness-interval", "5s", "--liveness", "tcp://:80")
    task = try await changed(task, "--readiness-retries", "7", "--liveness", "none")
    #expect(task.readiness?.interval == .seconds(5) && task.readiness?.retries == 7 && task.liveness == nil)
    task = try await changed(task, "--readiness", "tcp://:81")
    #expect(task.readiness?.probe == .tcp(port: 81) && task.readiness?.interval == .seconds(5))
    let unchecked = task
    await #expect(throws: WarrenError.self) { try await changed(unchecked, "--liveness-interval", "1s") }
  }

  @Test(arguments: [
    ["--readiness", "tcp://:80", "--readiness-interval", "1ms"], ["--readiness", "tcp://:80", "--readiness-retries", "0"], ["--readiness", "exec:"],
    ["--liveness", "http://:80/a b"], ["--liveness", "tcp://:80", "--liveness-start-period", "25h"],
  ]) func whatCannotBeIsNamed(_ arguments: [String]) async throws {
    let error = await #expect(throws: WarrenError.self) { try await spec(arguments).validate() }
    #expect(error?.code == .invalidArgument && error?.message.contains(arguments[0].dropFirst(2)) == true)
  }
}
