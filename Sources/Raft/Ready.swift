/// What a member's owner has to do next. In this order, unless it writes and applies in the background:
///
/// 1. send `messages`;
/// 2. write `hardState`, `snapshot` and `entries`, and sync them if `mustSync`; only then send `messagesAfterAppend`;
/// 3. apply `committedEntries`; only then step `messagesAfterApply`.
///
/// Messages to the member itself are stepped, not sent. Writes must be finished in the order they were handed out, and so must applying.
package struct Ready: Sendable {
  /// Nil when leader and role are what they were.
  package var softState: SoftState?
  /// Nil when it is what it was.
  package var hardState: HardState?
  /// Replaces the log: to be written before any later entries.
  package var snapshot: Snapshot?
  /// To be written; those in the log from the first of them on are replaced.
  package var entries: [Entry] = []
  /// To be applied, in order. With asynchronous writes they are on this disk already.
  package var committedEntries: [Entry] = []
  package var readStates: [ReadState] = []
  package var messages: [Message] = []
  package var messagesAfterAppend: [Message] = []
  package var messagesAfterApply: [Message] = []
  /// False when only the commit index has changed: it may be lost.
  package var mustSync = false

  /// Whether anything is to be written or waits for what is being written.
  package var hasAppend: Bool { hardState != nil || snapshot != nil || !entries.isEmpty || !messagesAfterAppend.isEmpty }
}
