//! The files that a subcommand is about.

use std::fs;
use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};

use enumetrics_promql::{Document, DocumentKind, FileFinding, Linter};

use crate::outcome::Failure;

/// A rule file, a dashboard or a configuration of Prometheus, with the name that messages call it by.
pub struct File {
    /// With `/` on every system, and relative where it is below the current folder.
    pub name: String,
    /// Where it is; nothing for the standard input.
    pub path: Option<PathBuf>,
    pub text: String,
    /// Whether it was named, and not just found in a folder.
    pub is_named: bool,
}

/// What messages call the standard input.
const STDIN: &str = "<stdin>";

/// The files at these paths; `-` is the standard input, and of folders those with the ending of YAML or JSON.
pub fn read_all(paths: &[PathBuf]) -> Result<Vec<File>, Failure> {
    let mut files = Vec::new();
    for path in paths {
        if path.as_os_str() == "-" {
            files.push(File::stdin(read_stdin()?));
            continue;
        }
        let is_folder = fs::metadata(path)
            .map_err(|error| Failure::of(name_of(path), error))?
            .is_dir();
        if !is_folder {
            files.push(read(path, true)?);
            continue;
        }
        let mut below = Vec::new();
        walk(path, &mut below)?;
        for path in below {
            files.push(read(&path, false)?);
        }
    }
    Ok(files)
}

pub fn read_stdin() -> Result<String, Failure> {
    let mut text = String::new();
    let read = std::io::stdin().lock().read_to_string(&mut text);
    read.map_err(|error| Failure::of(STDIN, error))?;
    Ok(text)
}

/// The text of a file.
pub fn read_text(path: &Path) -> Result<String, Failure> {
    let bytes = fs::read(path).map_err(|error| Failure::of(name_of(path), error))?;
    String::from_utf8(bytes).map_err(|_| Failure::of(name_of(path), "this is no text in UTF-8"))
}

fn read(path: &Path, is_named: bool) -> Result<File, Failure> {
    Ok(File {
        name: name_of(path),
        path: Some(path.to_owned()),
        text: read_text(path)?,
        is_named,
    })
}

/// Below a folder, in the order of names. What is hidden, and links to folders, are left alone.
fn walk(folder: &Path, files: &mut Vec<PathBuf>) -> Result<(), Failure> {
    let failed = |error| Failure::of(name_of(folder), error);
    let mut entries = Vec::new();
    for entry in fs::read_dir(folder).map_err(failed)? {
        entries.push(entry.map_err(failed)?);
    }
    entries.sort_by_key(fs::DirEntry::file_name);
    for entry in entries {
        let path = entry.path();
        let is_hidden = entry.file_name().to_string_lossy().starts_with('.');
        let kind = entry.file_type().map_err(failed)?;
        let is_readable = || {
            path.extension()
                .and_then(|extension| extension.to_str())
                .is_some_and(|extension| matches!(extension, "yml" | "yaml" | "json" | "rules"))
        };
        if is_hidden {
            continue;
        } else if kind.is_dir() {
            walk(&path, files)?;
        } else if is_readable() && path.is_file() {
            files.push(path);
        }
    }
    Ok(())
}

/// How a path is called in messages and in a baseline: the same however the current folder was named.
pub fn name_of(path: &Path) -> String {
    let here = std::env::current_dir().ok();
    let below = here
        .as_ref()
        .and_then(|here| path.strip_prefix(here).ok())
        .unwrap_or(path);
    let below = below.strip_prefix(".").unwrap_or(below);
    below.display().to_string().replace('\\', "/")
}

/// A file's documents, those of YAML that `---` divides: each with blanks where the others stand, so that places stay.
fn documents(text: &str) -> Vec<String> {
    let starts: Vec<usize> = std::iter::once(0)
        .chain(text.match_indices("\n---").map(|(at, _)| at + 1))
        .filter(|&at| at == 0 || text[at + 3..].starts_with(['\n', '\r', ' ']) || text.len() == at + 3)
        .collect();
    if starts.len() == 1 {
        return vec![text.to_owned()];
    }
    let blank = |part: &str| -> String {
        let blanks = part.chars().flat_map(|character| match character {
            '\n' => std::iter::repeat_n('\n', 1),
            other => std::iter::repeat_n(' ', other.len_utf8()),
        });
        blanks.collect()
    };
    let ends = starts.iter().skip(1).copied().chain([text.len()]);
    let documents = starts.iter().zip(ends).map(|(&start, end)| {
        let mark = if text[start..].starts_with("---") { 3 } else { 0 };
        blank(&text[..start + mark]) + &text[start + mark..end]
    });
    documents.filter(|document| !document.trim().is_empty()).collect()
}

/// A part of a file that is of use here: its text, with all places as in the file, and what was read of it.
pub struct Part {
    pub text: String,
    pub document: Document,
}

impl Part {
    /// What is wrong in it.
    pub fn check(&self, linter: &Linter<'_>) -> Vec<FileFinding> {
        match self.document.kind {
            DocumentKind::Rules => linter.check_rules(&self.text),
            DocumentKind::Scrapes => linter.check_scrapes(&self.text),
            DocumentKind::Dashboard | DocumentKind::Other => linter.check_dashboard(&self.text),
        }
    }
}

impl File {
    pub fn stdin(text: String) -> Self {
        Self {
            name: STDIN.to_owned(),
            path: None,
            text,
            is_named: true,
        }
    }

    /// What there is in it to check, and where it cannot be read. Nothing where it is something else.
    pub fn parts(&self) -> (Vec<Part>, Vec<FileFinding>) {
        let (mut parts, mut unreadable) = (Vec::new(), Vec::new());
        let keys = ["groups:", "\"groups\"", "\"panels\"", "\"rows\"", "scrape_configs:"];
        let is_candidate = keys.iter().any(|key| self.text.contains(key));
        if !is_candidate {
            return (parts, unreadable);
        }
        for text in documents(&self.text) {
            match Document::read(&text) {
                Ok(document) if document.kind == DocumentKind::Other => {}
                Ok(document) => parts.push(Part { text, document }),
                Err(error) => unreadable.push(*error),
            }
        }
        (parts, unreadable)
    }

    /// That it is named and nevertheless nothing of use.
    pub fn is_something_else(&self) -> Failure {
        Failure::of(
            &self.name,
            "this is no rule file, which has `groups:` with `rules:`, no dashboard, which has `panels`, and no configuration of \
             Prometheus, which has `scrape_configs:`",
        )
    }
}

/// Puts a text in the place of a file, all at once: who reads it sees the old text or the new one.
pub fn replace(path: &Path, text: &str) -> Result<(), Failure> {
    let failed = |error: std::io::Error| Failure::of(name_of(path), error);
    // Of a link, what it leads to.
    let target = fs::canonicalize(path).map_err(failed)?;
    let name = target.file_name().unwrap_or_default().to_string_lossy();
    let beside = target.with_file_name(format!(".{name}.{}", std::process::id()));
    let write = || {
        let permissions = fs::metadata(&target)?.permissions();
        let mut file = fs::File::create(&beside)?;
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        fs::set_permissions(&beside, permissions)?;
        fs::rename(&beside, &target)
    };
    write().map_err(|error| {
        // Nothing is left behind; what went wrong is said already.
        _ = fs::remove_file(&beside);
        failed(error)
    })
}

#[cfg(test)]
mod tests {
    use super::documents;

    #[test]
    fn documents_keep_their_places() {
        let text = "---\na: é\n---\nb: 1\n--- # c\nd: 2";
        let found = documents(text);
        assert_eq!(found.len(), 3);
        for (document, line) in found.iter().zip(["a: é", "b: 1", "d: 2"]) {
            assert_eq!(document.find(line), text.find(line));
            assert_eq!(document.trim().lines().last(), Some(line));
        }
        assert_eq!(documents("a: |\n  ---\n"), ["a: |\n  ---\n"]);
    }
}
