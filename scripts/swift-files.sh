#!/usr/bin/env bash
# Lists our own Swift files (not generated ones), separated by NUL.
set -euo pipefail
git ls-files -z --cached --others --exclude-standard '*.swift' | grep -zv '/Generated/'
