//! The scan at work: folders are listed through handles, their names looked at in handfuls, by all threads.

use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, Scope};

use super::ancestor::Ancestor;
use super::crew::Crew;
use super::handful::Handful;
use super::ignored::Rules;
use super::scan::{Found, Refused, Scan};
use super::sys::{self, Folder, Kind, Look};
use super::{Ignored, WorktreeError, names};
use crate::base::{AtPath, FileKind, Job, RepoPath, Stat, Step};

/// Names that one thread takes at a time: large enough to pay for the hand-over, small enough to share a folder.
const HANDFUL: usize = 512;

pub(super) struct Walk<'a> {
    root: &'a Path,
    folder: Folder,
    job: &'a Job<'a>,
    /// Bytes of a repository path before what is relative to the dataset.
    skip: usize,
    crew: Crew<Task>,
    whole: Mutex<Result<Scan, WorktreeError>>,
}

enum Task {
    Enter(ToEnter),
    Look(Arc<Place>, Handful),
}

struct ToEnter {
    /// Relative to the repository.
    path: Vec<u8>,
    rules: Rules,
    above: Option<Arc<Ancestor>>,
}

/// A folder that is open.
struct Place {
    folder: Folder,
    /// Relative to the repository, with a `/` at its end unless it is empty.
    path: Vec<u8>,
    rules: Rules,
    itself: Arc<Ancestor>,
}

impl<'a> Walk<'a> {
    pub fn new(root: &'a Path, folder: Folder, ignored: &Ignored, job: &'a Job<'a>) -> Walk<'a> {
        let path = ignored.dataset.as_bytes().to_vec();
        let skip = if path.is_empty() { 0 } else { path.len() + 1 };
        let first = Task::Enter(ToEnter { path, rules: ignored.rules.clone(), above: None });
        Walk { root, folder, job, skip, crew: Crew::new(job.threads, first), whole: Mutex::new(Ok(Scan::default())) }
    }

    pub fn run(self) -> Result<Scan, WorktreeError> {
        thread::scope(|scope| self.work(scope));
        self.whole.into_inner().unwrap_or_else(PoisonError::into_inner)
    }

    fn work<'s>(&'s self, scope: &'s Scope<'s, '_>) {
        let mut hand = Hand { walk: self, scope, harvest: Scan::default(), path: Vec::new() };
        let mut failure = None;
        self.crew.work(|task| {
            if let Err(error) = hand.do_task(task) {
                failure.get_or_insert(error);
                self.crew.stop();
            }
        });
        let mut harvest = hand.harvest;
        harvest.sort();
        let mut whole = self.whole.lock().unwrap_or_else(PoisonError::into_inner);
        match (&mut *whole, failure) {
            (Ok(scan), None) => scan.merge(harvest),
            (Ok(_), Some(error)) => *whole = Err(error),
            (Err(_), _) => {}
        }
    }
}

/// One thread of a walk.
struct Hand<'s, 'scope, 'env> {
    walk: &'scope Walk<'s>,
    scope: &'scope Scope<'scope, 'env>,
    harvest: Scan,
    /// The path in hand, relative to the repository; kept to save allocations.
    path: Vec<u8>,
}

impl Hand<'_, '_, '_> {
    fn do_task(&mut self, task: Task) -> Result<(), WorktreeError> {
        match task {
            Task::Enter(folder) => self.enter(folder),
            Task::Look(place, names) => self.look_at_all(&place, &names),
        }
    }

    fn share(&self, task: Task) {
        if self.walk.crew.add(task) {
            let (walk, scope) = (self.walk, self.scope);
            scope.spawn(move || walk.work(scope));
        }
    }

    fn enter(&mut self, folder: ToEnter) -> Result<(), WorktreeError> {
        let inside = folder.path.get(self.walk.skip..).unwrap_or_default();
        match self.walk.folder.below(inside) {
            Ok(open) => self.list(open, folder),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
                let path = RepoPath::new(inside)?;
                self.refuse(path, error.to_string());
                Ok(())
            }
            Err(error) if sys::is_blocked(&error) => Err(WorktreeError::Changed { path: RepoPath::new(inside)? }),
            Err(error) => Err(error).at("open", &self.walk.root.join(sys::path_of(inside)))?,
        }
    }

    fn list(&mut self, open: Folder, folder: ToEnter) -> Result<(), WorktreeError> {
        let inside = RepoPath::new(folder.path.get(self.walk.skip..).unwrap_or_default())?;
        let look = open.look_at_itself().at("read", &inside.below(self.walk.root))?;
        let Some(itself) = Ancestor::below(folder.above, look.device, look.stat.inode) else {
            self.refuse(inside, "it is a mount of a folder above it".to_owned());
            return Ok(());
        };
        let rules = folder.rules.and_those_of(&open, &folder.path)?;
        let path = if folder.path.is_empty() { folder.path } else { [&folder.path, b"/".as_slice()].concat() };
        let place = Arc::new(Place { folder: open, path, rules, itself });
        let is_empty = self.list_names(&place, &inside)?;
        if is_empty && !inside.is_empty() {
            self.keep(inside, FileKind::EmptyFolder, look.stat);
        }
        Ok(())
    }

    /// Returns whether there was no name at all.
    fn list_names(&mut self, place: &Arc<Place>, inside: &RepoPath) -> Result<bool, WorktreeError> {
        let (mut names, mut is_empty, mut outcome) = (Handful::default(), true, Ok(()));
        let listed = place.folder.list(|name, kind| {
            is_empty = false;
            if !names.push(name, kind) {
                self.refuse(inside.clone(), "a name in it is longer than 255 bytes".to_owned());
            }
            if names.len() == HANDFUL {
                let full = std::mem::take(&mut names);
                if self.walk.crew.is_hungry() {
                    self.share(Task::Look(place.clone(), full));
                } else {
                    outcome = self.look_at_all(place, &full);
                }
            }
            outcome.is_ok()
        });
        outcome?;
        listed.at("list", &inside.below(self.walk.root))?;
        self.look_at_all(place, &names)?;
        Ok(is_empty)
    }

    fn look_at_all(&mut self, place: &Arc<Place>, names: &Handful) -> Result<(), WorktreeError> {
        self.walk.job.check()?;
        for (name, is_folder) in names.iter() {
            self.path.clear();
            self.path.extend_from_slice(&place.path);
            self.path.extend_from_slice(name);
            match RepoPath::new(&self.path[self.walk.skip..]) {
                Ok(path) => self.look_at(place, path, name, is_folder)?,
                Err(error) => self.refuse(place.inside(self.walk.skip)?, format!("a path in it: {}", error.reason)),
            }
        }
        self.walk.job.moved(Step::Scan, names.len() as u64, names.len() as u64);
        Ok(())
    }

    /// Looks at one name, whose whole repository path is in `self.path`.
    fn look_at(&mut self, at: &Arc<Place>, path: RepoPath, name: &[u8], is_folder: bool) -> Result<(), WorktreeError> {
        // A listing tells folders for free; all else needs a look anyway, for its stat.
        let look = if is_folder { None } else { Some(at.folder.look(name)) };
        let look = match look.transpose() {
            Ok(look) => look,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            Err(error) => return self.refuse_or_fail(path, error),
        };
        let kind = look.map_or(Kind::Folder, |look| look.kind);
        if !at.rules.is_empty() && at.rules.ignores(&self.path, kind == Kind::Folder) || names::is_temporary(name) {
            return Ok(());
        }
        if is_nested(name, kind) {
            self.harvest.nested.push(path);
        } else if let Err(reason) = names::check_name(name) {
            self.refuse(path, reason.to_owned());
        } else if let Some(look) = look.filter(|_| kind != Kind::Folder) {
            return self.sort_in(at, path, name, &look);
        } else {
            let (path, rules) = (self.path.clone(), at.rules.clone());
            self.share(Task::Enter(ToEnter { path, rules, above: Some(at.itself.clone()) }));
        }
        Ok(())
    }

    fn sort_in(&mut self, at: &Place, path: RepoPath, name: &[u8], look: &Look) -> Result<(), WorktreeError> {
        match look.kind {
            Kind::File if at.folder.is_readable(name, look) => self.harvest.found.push(Found::file(path, look)),
            Kind::File => self.refuse(path, "this user may not read it".to_owned()),
            Kind::Symlink => match at.folder.link_target(name) {
                Ok(target) => self.keep(path, FileKind::Symlink { target }, look.stat),
                Err(error) => return self.refuse_or_fail(path, error),
            },
            Kind::Other(what) => self.refuse(path, format!("it is {what}")),
            Kind::Folder => {}
        }
        Ok(())
    }

    fn keep(&mut self, path: RepoPath, kind: FileKind, stat: Stat) {
        self.harvest.found.push(Found { path, kind, stat });
    }

    fn refuse(&mut self, path: RepoPath, reason: String) {
        self.harvest.refused.push(Refused { path, reason });
    }

    /// What this user may not see is one path's trouble; what the disk cannot do is everybody's.
    fn refuse_or_fail(&mut self, path: RepoPath, error: io::Error) -> Result<(), WorktreeError> {
        match error.kind() {
            io::ErrorKind::PermissionDenied => self.refuse(path, error.to_string()),
            // A link that became something else between two calls.
            io::ErrorKind::InvalidInput | io::ErrorKind::NotFound => return Err(WorktreeError::Changed { path }),
            _ => Err(error).at("read", &path.below(self.walk.root))?,
        }
        Ok(())
    }
}

impl Place {
    fn inside(&self, skip: usize) -> Result<RepoPath, WorktreeError> {
        let end = self.path.len().saturating_sub(1);
        Ok(RepoPath::new(self.path.get(skip..end).unwrap_or_default())?)
    }
}

/// A repository or a pointer: what makes the folder around it no dataset.
fn is_nested(name: &[u8], kind: Kind) -> bool {
    name == b".git" || name == b".esker" || (name.ends_with(b".esker") && kind != Kind::Folder)
}
