/// The cause of errors about images that are built for other machines than this one.
package struct PlatformMismatch: Error, CustomStringConvertible {
  package init() {}

  package var description: String { "the image is for another platform" }
}
