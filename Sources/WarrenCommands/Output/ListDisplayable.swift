/// One row of a list a command prints.
protocol ListDisplayable: Sendable {
  static var header: [String] { get }
  /// What is printed when there is nothing: `No services found`.
  static var emptyText: String { get }
  /// One cell per column of `header`.
  var cells: [String] { get }
  /// What `-q` prints.
  var identifier: String { get }
}
