enum OutputFormat: String, Choice {
  case table, json, yaml
}
