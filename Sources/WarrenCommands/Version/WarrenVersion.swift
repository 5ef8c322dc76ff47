package enum WarrenVersion {
  package static let current = "0.1.0"
}
