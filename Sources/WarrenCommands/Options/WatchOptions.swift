import ArgumentParser
import GRPCCore
import WarrenAPI

struct WatchOptions: ParsableArguments {
  @Flag(name: [.customShort("w"), .long], help: "Stay, and print the list again when something changes.")
  var watch = false

  /// Prints what `render` gives; with `--watch` again after each change to objects of these kinds.
  func show(_ client: WarrenClient, kinds: [Warren_V1_ObjectKind], render: () async throws -> String) async throws {
    guard watch else { return Terminal.write(try await render()) }
    Terminal.endWithReader()
    var shown = ""
    func redraw() async throws {
      let text = try await render()
      guard text != shown else { return }
      Terminal.write((Terminal.Stream.output.takesStyles ? ANSI.clearScreen : shown.isEmpty ? "" : "\n") + text)
      shown = text
    }
    try await redraw()
    for await _ in Self.changes(client, kinds: kinds) { try await redraw() }
  }

  /// Wake-ups, several changes in one. The stream ends when the daemon cannot be reached any more; the next list says so.
  private static func changes(_ client: WarrenClient, kinds: [Warren_V1_ObjectKind]) -> AsyncStream<Void> {
    let (wakeUps, send) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
    let reader = Task {
      var request = Warren_V1_StreamEventsRequest()
      request.follow = true
      request.kinds = kinds
      while !Task.isCancelled {
        try? await client.stream { [request] stub in
          try await stub.streamEvents(request) { response in
            send.yield()
            for try await _ in response.messages { send.yield() }
          }
        }
        send.yield()
        try? await Task.sleep(for: .seconds(1))
      }
    }
    send.onTermination = { _ in reader.cancel() }
    return wakeUps
  }
}
