//! Bars as they stand on a terminal that is kept in memory.

use indicatif::TermLike;

use super::*;

/// A terminal in memory: its lines, and the line in which the cursor stands.
#[derive(Debug, Clone, Default)]
struct Terminal(Arc<Mutex<(Vec<String>, usize)>>);

impl Terminal {
    fn contents(&self) -> String {
        self.0.lock().unwrap().0.join("\n").trim().to_owned()
    }

    fn on_line(&self, change: impl FnOnce(&mut String)) -> io::Result<()> {
        let (lines, row) = &mut *self.0.lock().unwrap();
        lines.resize(lines.len().max(*row + 1), String::new());
        change(&mut lines[*row]);
        Ok(())
    }

    fn go(&self, change: impl FnOnce(usize) -> usize) -> io::Result<()> {
        let row = &mut self.0.lock().unwrap().1;
        *row = change(*row);
        Ok(())
    }
}

impl TermLike for Terminal {
    fn width(&self) -> u16 {
        100
    }
    fn move_cursor_up(&self, n: usize) -> io::Result<()> {
        self.go(|row| row.saturating_sub(n))
    }
    fn move_cursor_down(&self, n: usize) -> io::Result<()> {
        self.go(|row| row + n)
    }
    fn move_cursor_right(&self, _: usize) -> io::Result<()> {
        Ok(())
    }
    fn move_cursor_left(&self, _: usize) -> io::Result<()> {
        Ok(())
    }
    fn write_line(&self, text: &str) -> io::Result<()> {
        self.write_str(text)?;
        self.go(|row| row + 1)
    }
    fn write_str(&self, text: &str) -> io::Result<()> {
        // indicatif goes back to the start of the line by `\r`.
        self.on_line(|line| line.push_str(text.trim_matches('\r')))
    }
    fn clear_line(&self) -> io::Result<()> {
        self.on_line(String::clear)
    }
    fn flush(&self) -> io::Result<()> {
        Ok(())
    }
}

/// Bars on a terminal in memory, `age` after their birth.
fn bars(age: Duration) -> (Bars, Terminal) {
    let terminal = Terminal::default();
    let target = ProgressDrawTarget::term_like_with_hz(Box::new(terminal.clone()), 200);
    let screen = MultiProgress::with_draw_target(target);
    let born = Instant::now() - age;
    let shared = Shared { draws: true, inks: Inks::none(), born, screen, state: Mutex::default() };
    (Bars(Arc::new(shared)), terminal)
}

#[test]
fn nothing_is_drawn_at_first_and_then_all_that_is_known() {
    let (bars, screen) = bars(Duration::ZERO);
    bars.on(Event::Began { step: Step::Send, total: Some(4 << 20), unit: Unit::Bytes });
    bars.on(Event::Moved { step: Step::Send, by: 1 << 20, files: 2 });
    assert_eq!(screen.contents(), "");
    thread::sleep(PATIENCE + Duration::from_millis(200));
    assert!(screen.contents().contains("sending [====="), "{}", screen.contents());
    assert!(screen.contents().contains("1.0 MiB of 4.0 MiB, 2 files"), "{}", screen.contents());
}

#[test]
fn a_bar_goes_when_its_step_is_done_and_all_go_before_the_answer() {
    let (bars, screen) = bars(PATIENCE);
    for step in [Step::Scan, Step::Hash] {
        bars.on(Event::Began { step, total: None, unit: Unit::Items });
    }
    bars.on(Event::Moved { step: Step::Scan, by: 1234, files: 0 });
    thread::sleep(Duration::from_millis(200));
    assert!(screen.contents().contains("scanning") && screen.contents().contains("1,234"), "{}", screen.contents());
    bars.on(Event::Done { step: Step::Scan });
    assert!(!screen.contents().contains("scanning"), "{}", screen.contents());
    bars.close();
    bars.on(Event::Began { step: Step::Send, total: None, unit: Unit::Bytes });
    thread::sleep(Duration::from_millis(200));
    assert_eq!(screen.contents(), "");
}

#[test]
fn time_left_is_as_coarse_as_it_is_known() {
    let left = |seconds| left_text(Duration::from_secs(seconds));
    assert_eq!(left(17), ", 17 s left");
    assert_eq!(left(61), ", 2 min left");
    assert_eq!(left(7500), ", 2 h 5 min left");
    assert_eq!(left(u64::MAX / 2), "");
}
