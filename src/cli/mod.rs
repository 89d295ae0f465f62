//! The command line: arguments, text and JSON output, progress bars, exit codes.
