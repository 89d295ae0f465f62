//! The answer of `esker status` for people: what is to be done comes in groups, each with the command to type.

use super::ink::Ink;
use super::near::Near;
use super::out::Out;
use super::table::{Align, Cell, Table};
use super::told::{counts_text, told, told_count};
use crate::base::{bytes_text, count_text, files_text};
use crate::git::{HeadName, RepoState};
use crate::ops::{ClashingFile, DataState, DatasetStatus, Lacks, PointerChange, StatusReport};

/// The page that is being written.
pub struct StatusPage<'a> {
    /// What is told.
    pub report: &'a StatusReport,
    /// Where the user stands.
    pub near: &'a Near,
    /// So many changes of one dataset are shown.
    pub most: usize,
    /// Where it is written.
    pub out: &'a mut Out,
}

/// A name and what is told beside it.
type Row = (Ink, String, String);

impl StatusPage<'_> {
    /// Writes all of it.
    pub fn write(mut self) {
        self.head();
        self.pointers();
        self.changes();
        self.data();
        self.remotes();
        self.refused();
        self.large();
        self.end();
    }

    fn head(&mut self) {
        match &self.report.head {
            HeadName::Branch(name) => self.out.line(format_args!("On branch {name}")),
            HeadName::Detached(id) => self.out.line(format_args!("HEAD detached at {}", id.short())),
        }
        let doing = match self.report.git {
            RepoState::Clean => return,
            RepoState::Merge => "merge",
            RepoState::Revert => "revert",
            RepoState::CherryPick => "cherry-pick",
            RepoState::Bisect => "bisect",
            RepoState::Rebase => "rebase",
            RepoState::ApplyMailbox => "am",
        };
        self.out.line(format_args!("In the middle of `git {doing}`"));
    }

    /// A group of what `row` tells of each dataset; nothing, if that is nothing.
    fn group(&mut self, title: &str, hint: &str, row: impl Fn(&Self, &DatasetStatus) -> Option<Row>) {
        let mut table = Table::new([Align::Left, Align::Left]);
        let mut is_empty = true;
        for dataset in &self.report.datasets {
            let Some((ink, name, detail)) = row(self, dataset) else { continue };
            table.row([Cell::new(ink, name), detail.into()]);
            is_empty = false;
        }
        if !is_empty {
            self.title(title, hint);
            self.out.table("    ", &table);
        }
    }

    fn title(&mut self, title: &str, hint: &str) {
        self.out.line("");
        self.out.heading(title);
        if !hint.is_empty() {
            self.out.line(format_args!("  ({hint})"));
        }
    }

    fn pointers(&mut self) {
        self.conflicts();
        let back = "`git checkout REV -- PATH` brings a good one back";
        self.group("Pointers that cannot be read:", back, |page, dataset| {
            dataset.pointer.problem.clone().map(|problem| (Ink::Deleted, page.pointer(dataset), problem))
        });
        self.group("Pointers to be committed:", "run `git commit`", |page, dataset| {
            dataset.pointer.staged.map(|change| (Ink::Added, label(change).to_owned(), page.pointer(dataset)))
        });
        self.group("Pointers not staged for commit:", "run `git add PATH`", |page, dataset| {
            let change = dataset.pointer.unstaged?;
            Some((Ink::Deleted, label(change).to_owned(), page.pointer(dataset)))
        });
    }

    /// Pointers that a merge left in conflict, each with the files that clash.
    fn conflicts(&mut self) {
        let report = self.report;
        let mut in_conflict = report.datasets.iter().filter(|dataset| dataset.pointer.in_conflict).peekable();
        if in_conflict.peek().is_none() {
            return;
        }
        self.title("Data in conflict:", "`esker resolve PATH --ours`, `--theirs`, `--base` or `--both` chooses a side");
        for dataset in in_conflict {
            let name = self.out.paint(Ink::Deleted, &self.name(dataset));
            let Some(clashes) = &dataset.clashes else {
                self.out.line(format_args!("    {name}"));
                continue;
            };
            match &clashes.files {
                None => {
                    self.out.line(format_args!("    {name}: its lists of files are not here (run `esker resolve`)"))
                }
                Some(_) if clashes.is_whole => self.out.line(format_args!("    {name}: both sides changed it")),
                Some(files) if files.is_empty() => {
                    self.out.line(format_args!("    {name}: no file clashes, `esker resolve` is enough"));
                }
                Some(files) => {
                    self.out.line(format_args!("    {name}: both sides changed {}", files_text(files.len() as u64)));
                    for file in files.iter().take(self.most) {
                        let path = self.near.path(&file.path);
                        self.out.line(format_args!("      {path}{}", gone_text(file)));
                    }
                    let more = files.len().saturating_sub(self.most);
                    if more > 0 {
                        self.out.line(format_args!("      … and {} more (-v shows all)", count_text(more as u64)));
                    }
                }
            }
        }
        if !report.merges_by_file {
            self.out.line("  (`esker hooks install` lets Git merge data by itself next time)");
        }
    }

    fn pointer(&self, dataset: &DatasetStatus) -> String {
        self.near.path(&dataset.path.with_suffix(".esker"))
    }

    fn name(&self, dataset: &DatasetStatus) -> String {
        self.near.path(&dataset.path)
    }

    /// The files that the user changed, dataset by dataset.
    fn changes(&mut self) {
        let report = self.report;
        let mut changed =
            report.datasets.iter().filter(|it| it.data == DataState::Deleted || !it.changes.is_empty()).peekable();
        if changed.peek().is_some() {
            let hint = "`esker add PATH` keeps them as a new version, `esker checkout --force PATH` drops them";
            self.title("Changed data:", hint);
        }
        for dataset in changed {
            self.changes_of(dataset);
        }
    }

    fn changes_of(&mut self, dataset: &DatasetStatus) {
        let name = self.name(dataset);
        if dataset.data == DataState::Deleted {
            let gone =
                self.out.paint(Ink::Deleted, &format!("{name}: deleted, {}", files_text(dataset.files.unwrap_or(0))));
            return self.out.line(format_args!("  {gone}"));
        }
        self.out.line(format_args!("  {name}: {}", counts_text(&dataset.changes.counts)));
        let mut table = Table::new([Align::Left, Align::Left, Align::Left]);
        for told in told(&dataset.changes, self.near).take(self.most) {
            table.row([Cell::new(told.ink, told.label), Cell::new(told.ink, told.path), told.detail.into()]);
        }
        self.out.table("    ", &table);
        let more = told_count(&dataset.changes).saturating_sub(self.most);
        if more > 0 {
            self.out.line(format_args!("    … and {} more (-v shows all)", count_text(more as u64)));
        }
    }

    /// Whole datasets that are not as their pointers say, and what is missing.
    fn data(&mut self) {
        let named = |page: &Self, dataset: &DatasetStatus, ink| (ink, page.name(dataset), String::new());
        let only_if = |state| move |dataset: &DatasetStatus| dataset.data == state;
        let behind = only_if(DataState::Behind);
        self.group("Data that is not what its pointer says any more:", "run `esker checkout`", |page, dataset| {
            behind(dataset).then(|| named(page, dataset, Ink::Changed))
        });
        let gone = only_if(DataState::NoPointer);
        self.group("Data whose pointer is gone:", "`esker checkout` removes it", |page, dataset| {
            (gone(dataset)).then(|| named(page, dataset, Ink::Changed))
        });
        let unknown = only_if(DataState::Unknown);
        self.group("Data that cannot be compared:", "`esker fetch` brings the lists of its files", |page, dataset| {
            (unknown(dataset) && dataset.files.is_some()).then(|| named(page, dataset, Ink::Changed))
        });
        let absent = only_if(DataState::Absent);
        self.group("Data that is not in the worktree:", "run `esker pull`, or `esker pull PATH`", |page, dataset| {
            absent(dataset).then(|| (Ink::Faint, page.name(dataset), page.size_and_source(dataset)))
        });
        self.group("Data that is only partly in the worktree:", "", |page, dataset| {
            let left_out = format!("{} left out", files_text(dataset.left_out));
            (dataset.left_out > 0).then(|| (Ink::Faint, page.name(dataset), left_out))
        });
        self.group("Data that the cache lacks:", "run `esker fetch`", |page, dataset| {
            let lacks = dataset.cache_lacks.filter(|_| dataset.data != DataState::Absent)?;
            Some((Ink::Changed, page.name(dataset), lacks_text(lacks)))
        });
    }

    fn remotes(&mut self) {
        // What a remote says of itself is better than what was last heard of it.
        if self.report.remotes.is_none() {
            self.group("Data that no remote is known to have:", "run `esker push`", |page, dataset| {
                let size = bytes_text(dataset.bytes.unwrap_or(0));
                (dataset.is_unpushed == Some(true)).then(|| (Ink::Changed, page.name(dataset), size))
            });
        }
        for remote in self.report.remotes.iter().flatten() {
            if remote.datasets.is_empty() {
                self.out.line(format_args!("The remote {} has all of this data", remote.remote));
                continue;
            }
            self.title(&format!("Data that the remote {} lacks:", remote.remote), "run `esker push`");
            let mut table = Table::new([Align::Left, Align::Left]);
            for lack in &remote.datasets {
                let size = format!("{}, {}", files_text(lack.files), bytes_text(lack.bytes));
                table.row([Cell::new(Ink::Changed, self.near.path(&lack.path)), size.into()]);
            }
            self.out.table("    ", &table);
        }
    }

    fn size_and_source(&self, dataset: &DatasetStatus) -> String {
        let size = bytes_text(dataset.bytes.unwrap_or(0));
        let source = dataset.cache_lacks.map_or("in the cache".to_owned(), lacks_text);
        format!("{}, {size}, {source}", files_text(dataset.files.unwrap_or(0)))
    }

    fn refused(&mut self) {
        let report = self.report;
        let mut refused = report.datasets.iter().flat_map(|dataset| &dataset.refused).peekable();
        if refused.peek().is_some() {
            self.title("What cannot be kept:", "move it elsewhere, or name it in .eskerignore");
        }
        for path in refused {
            let name = self.out.paint(Ink::Deleted, &self.near.path(&path.path));
            self.out.line(format_args!("    {name}: {}", path.reason));
        }
    }

    fn large(&mut self) {
        if self.report.large.is_empty() {
            return;
        }
        let hint = "`git rm --cached PATH`, then `esker add PATH`, keeps them out of Git";
        self.title("Large files that the next commit puts into Git itself:", hint);
        for file in &self.report.large {
            let name = self.out.paint(Ink::Deleted, &self.near.path(&file.path));
            self.out.line(format_args!("    {name}  {}", bytes_text(file.bytes)));
        }
    }

    fn end(&mut self) {
        let datasets = &self.report.datasets;
        if datasets.is_empty() {
            return self.out.line("No dataset is tracked here: run `esker add PATH` for a file or a folder of data");
        }
        if !self.report.differs() {
            let bytes = datasets.iter().filter_map(|dataset| dataset.bytes).sum();
            let count = match datasets.len() {
                1 => "1 dataset".to_owned(),
                many => format!("{} datasets", count_text(many as u64)),
            };
            self.out.line(format_args!("Nothing changed: {count}, {}", bytes_text(bytes)));
        }
    }
}

fn gone_text(file: &ClashingFile) -> &'static str {
    match (file.ours.is_some(), file.theirs.is_some()) {
        (false, true) => "  (deleted by us)",
        (true, false) => "  (deleted by them)",
        _ => "",
    }
}

fn label(change: PointerChange) -> &'static str {
    match change {
        PointerChange::Added => "new:",
        PointerChange::Modified => "modified:",
        PointerChange::Deleted => "deleted:",
    }
}

fn lacks_text(lacks: Lacks) -> String {
    match (lacks.bytes, lacks.is_all) {
        (0, _) => "to be fetched".to_owned(),
        (bytes, true) => format!("{} to be fetched", bytes_text(bytes)),
        (bytes, false) => format!("{} and more to be fetched", bytes_text(bytes)),
    }
}
