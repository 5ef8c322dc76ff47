import FoundationEssentials

/// Programs of this package as `swift build` made them, beside the running test bundle.
package enum BuiltProgram {
  package static func path(_ name: String) -> String {
    let bundle = CommandLine.arguments.first { $0.contains(".xctest") } ?? CommandLine.arguments[0]
    var folder = URL(filePath: bundle).deletingLastPathComponent()
    while folder.path.contains(".xctest") { folder = folder.deletingLastPathComponent() }
    return folder.appending(component: name).path
  }
}
