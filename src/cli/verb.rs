//! The verbs, in the groups in which the help shows them. A new verb is a line here and a file in `verbs/`.

use clap::Subcommand;

use super::call::Call;
use super::exit_code::ExitCode;
use super::failure::Failure;
use super::verbs;

/// Declares the verbs: `Push(push)` stands for `esker push`, whose options are `verbs::push::Args` and
/// whose deed is `verbs::push::run`.
macro_rules! verbs {
    ($($group:literal: { $($verb:ident($file:ident)),* $(,)? })*) => {
        /// What the user asks for.
        #[derive(Subcommand)]
        pub enum Verb {
            $($($verb(verbs::$file::Args),)*)*
        }

        /// The verbs of each group, as typed.
        pub const GROUPS: &[(&str, &[&str])] = &[$(($group, &[$(stringify!($file)),*])),*];

        impl Verb {
            /// Does it.
            pub fn run(self, call: &Call) -> Result<ExitCode, Failure> {
                match self {
                    $($(Verb::$verb(args) => verbs::$file::run(args, call),)*)*
                }
            }
        }
    };
}

verbs! {
    "Start": {
        Demo(demo),
        Init(init),
        Migrate(migrate),
    }
    "Work": {
        Add(add),
        Checkout(checkout),
        Diff(diff),
        Mv(mv),
        Resolve(resolve),
        Rm(rm),
        Sparse(sparse),
        Status(status),
    }
    "Share": {
        Fetch(fetch),
        Get(get),
        Import(import),
        Pull(pull),
        Push(push),
        Remote(remote),
        Update(update),
    }
    "Look": {
        Cat(cat),
        Du(du),
        Log(log),
        Ls(ls),
    }
    "Care": {
        Cache(cache),
        Doctor(doctor),
        Gc(gc),
        Verify(verify),
        Hook(hook),
        Hooks(hooks),
    }
    "Settings": {
        Completions(completions),
        Config(config),
        Man(man),
    }
}
