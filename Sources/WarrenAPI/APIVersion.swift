/// Versions of the API: of what its calls and fields mean. What is added needs none; what others cannot ignore does.
package enum APIVersion {
  /// Those that this warren speaks.
  package static let spoken: ClosedRange<UInt32> = 1...1
}
