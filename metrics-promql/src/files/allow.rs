//! Exceptions in files: comments that say why.

use super::Found;
use crate::lint::{ALLOW_FORM, Lint};
use crate::nearest::nearest;

/// `# allow(val-nan-silent): there is always traffic`
const MARK: &str = "# allow(";

/// Takes away what comments allow. One stands in the rule or panel that it is about, or on the lines right above.
pub(super) fn without_allowed(found: &mut Found<'_>) {
    let file = found.file;
    let starts = std::mem::take(&mut found.starts);
    let part_of = |place: usize| starts.partition_point(|&start| start <= place);
    let mut allowed = Vec::new();
    for (at, _) in file.match_indices(MARK) {
        let line = file[at..].lines().next().unwrap_or_default();
        // In JSON the expression ends on the same line.
        let comment = &line[MARK.len()..];
        let comment = comment.split("\\n").next().unwrap_or_default();
        let (id, rest) = comment.split_once(')').unwrap_or((comment, ""));
        let reason = rest.strip_prefix(':').unwrap_or_default();
        let reason = reason.split('"').next().unwrap_or_default().trim();
        match Lint::named(id) {
            None => {
                let ids: Vec<_> = Lint::ALL.iter().map(|lint| lint.id).collect();
                let help = nearest(id, &ids).map(|near| format!("did you mean `{near}`?"));
                let message = format!("there is no lint `{id}`");
                found.add(at, "", ALLOW_FORM, &message, help);
            }
            Some(_) if reason.is_empty() => {
                let help = format!("`# allow({id}): the reason`");
                found.add(at, "", ALLOW_FORM, "this exception does not say why", Some(help));
            }
            Some(lint) => allowed.push((part_of(meant(file, at)), lint)),
        }
    }
    let mut places = std::mem::take(&mut found.places).into_iter();
    found.found.retain(|finding| {
        let part = part_of(places.next().unwrap_or_default());
        finding.lint.is_none_or(|lint| !allowed.contains(&(part, lint)))
    });
}

/// What a comment is about: of one that has its lines for itself, what follows if a part begins there.
fn meant(file: &str, at: usize) -> usize {
    let before = file[..at].rfind('\n').map_or(0, |newline| newline + 1);
    if !file[before..at].trim().is_empty() {
        return at;
    }
    let mut end = at;
    for line in file[at..].split_inclusive('\n') {
        end += line.len();
        if !line.trim_start().starts_with('#') {
            break;
        }
    }
    end.saturating_sub(1)
}
