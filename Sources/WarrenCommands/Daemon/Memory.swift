import CLinux

enum Memory {
  /// Gives what starting up used and freed back to the system: glibc keeps it otherwise.
  static func trim() { malloc_trim(0) }
}
