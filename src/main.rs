//! The program: hands the command line to `cli`.

fn main() -> std::process::ExitCode {
    esker::cli::main()
}
