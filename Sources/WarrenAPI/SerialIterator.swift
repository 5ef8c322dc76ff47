/// Lets an `AsyncStream(unfolding:)` pull from another sequence one element at a time, so that a slow reader slows its source down.
///
/// Unchecked: a stream with one reader calls `next()` again only after it has returned.
package final class SerialIterator<Source: AsyncSequence>: @unchecked Sendable where Source.Element: Sendable {
  private var iterator: Source.AsyncIterator

  package init(_ iterator: Source.AsyncIterator) { self.iterator = iterator }

  package func next() async throws -> Source.Element? { try await iterator.next() }
}
