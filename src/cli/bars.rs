//! Progress on stderr, drawn from the events of a verb: nothing at first, then one bar for each step at work.

use std::io::{self, Write};
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread;
use std::time::{Duration, Instant};

use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressState, ProgressStyle};

use super::ink::{Ink, Inks, plain};
use crate::base::{Event, Events, Step, Unit, Warning, bytes_text, count_text};

/// A verb that is done sooner draws nothing.
const PATIENCE: Duration = Duration::from_millis(300);

/// Draws what it hears, and prints warnings above the bars. Clones draw on the same lines.
#[derive(Clone)]
pub struct Bars(Arc<Shared>);

struct Shared {
    /// Whether bars are wanted at all; warnings always are.
    draws: bool,
    inks: Inks,
    born: Instant,
    screen: MultiProgress,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    steps: Vec<Running>,
    /// Set when the answer is printed: nothing is drawn after it.
    closed: bool,
    /// Whether the thread runs that draws the first bars in time, even if no event comes.
    waiting: bool,
}

struct Running {
    step: Step,
    unit: Unit,
    total: Option<u64>,
    moved: u64,
    files: u64,
    /// Fed from the beginning, so that its rate is right when it is drawn.
    bar: ProgressBar,
    is_drawn: bool,
}

impl Bars {
    /// Bars if `draws`, and warnings in these colours.
    pub fn new(draws: bool, inks: Inks) -> Bars {
        let screen = MultiProgress::new();
        Bars(Arc::new(Shared { draws, inks, born: Instant::now(), screen, state: Mutex::default() }))
    }

    /// Removes all bars for good: what comes next is the answer.
    pub fn close(&self) {
        let mut state = self.0.state();
        state.closed = true;
        state.steps.drain(..).for_each(|running| running.bar.finish_and_clear());
    }

    fn began(&self, step: Step, total: Option<u64>, unit: Unit) {
        let mut state = self.0.state();
        if state.closed {
            return;
        }
        match state.steps.iter_mut().find(|running| running.step == step) {
            // The same step for another dataset: one bar for both.
            Some(running) => {
                running.total = running.total.zip(total).map(|(known, more)| known + more);
                running.show();
            }
            None => state.steps.push(Running::new(step, total, unit)),
        }
        if self.0.born.elapsed() >= PATIENCE {
            self.0.draw(&mut state);
        } else if !state.waiting {
            state.waiting = true;
            let shared = Arc::clone(&self.0);
            thread::spawn(move || {
                thread::sleep(PATIENCE.saturating_sub(shared.born.elapsed()));
                shared.draw(&mut shared.state());
            });
        }
    }

    fn moved(&self, step: Step, by: u64, files: u64) {
        let mut state = self.0.state();
        if let Some(running) = state.steps.iter_mut().find(|running| running.step == step) {
            running.moved += by;
            running.files += files;
            running.show();
        }
    }

    fn done(&self, step: Step) {
        let mut state = self.0.state();
        if let Some(at) = state.steps.iter().position(|running| running.step == step) {
            state.steps.remove(at).bar.finish_and_clear();
        }
    }

    fn warned(&self, warning: &Warning) {
        let text = match warning {
            Warning::LeftOut { path, reason } => format!("{path} is left out: {reason}"),
            Warning::Note(note) => note.clone(),
        };
        let line = format!("{} {}\n", self.0.inks.paint(Ink::Warning, "warning:"), plain(&text));
        // Nobody is left to be told that stderr failed.
        let _ = self.0.screen.suspend(|| io::stderr().write_all(line.as_bytes()));
    }
}

impl Events for Bars {
    fn on(&self, event: Event) {
        match event {
            Event::Warned(warning) => self.warned(&warning),
            _ if !self.0.draws => {}
            Event::Began { step, total, unit } => self.began(step, total, unit),
            Event::Moved { step, by, files } => self.moved(step, by, files),
            Event::Done { step } => self.done(step),
        }
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("no thread panics while it draws")
    }

    /// Puts the bar of each running step on the screen.
    fn draw(&self, state: &mut State) {
        let fresh = state.steps.iter_mut().filter(|running| !running.is_drawn);
        for running in fresh {
            running.bar = self.screen.add(running.bar.clone());
            running.bar.enable_steady_tick(Duration::from_millis(150));
            running.is_drawn = true;
        }
    }
}

impl Running {
    fn new(step: Step, total: Option<u64>, unit: Unit) -> Running {
        let bar = ProgressBar::with_draw_target(total, ProgressDrawTarget::hidden());
        bar.set_style(style(unit, total.is_some()));
        bar.set_prefix(words(step));
        Running { step, unit, total, moved: 0, files: 0, bar, is_drawn: false }
    }

    fn show(&self) {
        if let Some(total) = self.total {
            self.bar.set_length(total.max(self.moved));
        }
        self.bar.set_position(self.moved);
        if self.files > 0 && self.unit == Unit::Bytes {
            let plural = if self.files == 1 { "" } else { "s" };
            self.bar.set_message(format!(", {} file{plural}", count_text(self.files)));
        }
    }
}

/// The step as the start of a line.
fn words(step: Step) -> &'static str {
    match step {
        Step::Scan => "scanning",
        Step::Store => "adding",
        Step::Hash => "hashing",
        Step::Compare => "comparing",
        Step::Send => "sending",
        Step::Fetch => "fetching",
        Step::Place => "placing",
        Step::Verify => "verifying",
        Step::Sweep => "sweeping",
    }
}

fn style(unit: Unit, has_total: bool) -> ProgressStyle {
    let template = match has_total {
        true => "{prefix:>9} [{bar:24}] {moved}{msg}{rate}{left}",
        false => "{prefix:>9} {spinner} {moved}{msg}{rate}",
    };
    let style = ProgressStyle::with_template(template).expect("the templates above are well formed");
    // Writing to a text in memory never fails.
    style
        .progress_chars("=> ")
        .tick_chars("|/-\\ ")
        .with_key("moved", move |state: &ProgressState, text: &mut dyn std::fmt::Write| {
            let total = state.len().filter(|_| has_total).map(|total| format!(" of {}", amount(unit, total)));
            let _ = write!(text, "{}{}", amount(unit, state.pos()), total.unwrap_or_default());
        })
        .with_key("rate", move |state: &ProgressState, text: &mut dyn std::fmt::Write| {
            let _ = write!(text, "{}", rate_text(unit, state.per_sec()));
        })
        .with_key("left", |state: &ProgressState, text: &mut dyn std::fmt::Write| {
            let _ = write!(text, "{}", left_text(state.eta()));
        })
}

fn amount(unit: Unit, count: u64) -> String {
    match unit {
        Unit::Bytes => bytes_text(count),
        Unit::Items => count_text(count),
    }
}

fn rate_text(unit: Unit, per_second: f64) -> String {
    if per_second < 1.0 { String::new() } else { format!(", {}/s", amount(unit, per_second as u64)) }
}

/// What is left, as coarse as it is known; nothing while nobody knows.
fn left_text(left: Duration) -> String {
    match left.as_secs() {
        0 => String::new(),
        seconds @ 1..60 => format!(", {seconds} s left"),
        seconds @ 60..3600 => format!(", {} min left", seconds.div_ceil(60)),
        seconds @ 3600..360_000 => format!(", {} h {} min left", seconds / 3600, seconds % 3600 / 60),
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests;
