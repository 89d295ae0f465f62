//! Colours: what each is for, and whether there are any.

use std::borrow::Cow;

use clap::builder::styling::{AnsiColor, Style, Styles};

/// What a colour says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ink {
    /// Above a list.
    Heading,
    /// New.
    Added,
    /// Gone.
    Deleted,
    /// Changed, or under another name.
    Changed,
    /// Beside the point: ids, units.
    Faint,
    /// The word `error:`.
    Error,
    /// The word `warning:`.
    Warning,
    /// The word `hint:`.
    Hint,
}

/// Whether one stream is coloured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Inks(bool);

impl Inks {
    /// Colours if `coloured`.
    pub fn new(coloured: bool) -> Inks {
        Inks(coloured)
    }

    /// No colours.
    #[cfg(test)]
    pub fn none() -> Inks {
        Inks(false)
    }

    /// `text` in this ink, or as it is.
    pub fn paint(self, ink: Ink, text: &str) -> String {
        let style = ink.style();
        if self.0 { format!("{style}{text}{style:#}") } else { text.to_owned() }
    }
}

impl Ink {
    fn style(self) -> Style {
        match self {
            Ink::Heading => Style::new().bold(),
            Ink::Added => AnsiColor::Green.on_default(),
            Ink::Deleted => AnsiColor::Red.on_default(),
            Ink::Changed => AnsiColor::Yellow.on_default(),
            Ink::Faint => Style::new().dimmed(),
            Ink::Error => AnsiColor::Red.on_default().bold(),
            Ink::Warning => AnsiColor::Yellow.on_default().bold(),
            Ink::Hint => AnsiColor::Cyan.on_default().bold(),
        }
    }
}

/// The colours of the help, for clap.
pub fn help_styles() -> Styles {
    let bold = Style::new().bold();
    Styles::plain().header(bold).usage(bold).literal(AnsiColor::Cyan.on_default()).placeholder(Style::new())
}

/// `text` with every control character but line ends and tabs written out, so that it cannot steer a terminal.
pub fn plain(text: &str) -> Cow<'_, str> {
    let steers = |c: char| c.is_control() && c != '\n' && c != '\t';
    if !text.contains(steers) {
        return Cow::Borrowed(text);
    }
    let written = |c: char| if steers(c) { c.escape_unicode().to_string() } else { c.to_string() };
    Cow::Owned(text.chars().map(written).collect())
}
