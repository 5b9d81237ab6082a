//! Gathers everything to mend: the arrows between crates, every Rust file, what the documents point
//! at, and paths of somebody's own machine in any text of the project.

use std::path::Path;
use std::process::Command;

use serde_json::Value;
use walkdir::WalkDir;

use crate::source::Source;
use crate::{arrows, links, rules};

/// Folders that hold the project's own text, and files beside them.
const OWN: &[&str] = &["crates", "xtask", "scripts", "bench", "docs", ".ci", ".cargo"];
/// Made by a run, or somebody else's.
const NOT_OWN: &[&str] = &["work", "target", "__pycache__", "node_modules"];
/// Files that are text.
const TEXT: &[&str] = &["rs", "toml", "md", "py", "sql", "json", "svg", "txt", ""];

/// Everything to mend under `root`, one line each; the error says why it could not be told.
pub fn untidy(root: &Path) -> Result<Vec<String>, String> {
    let mut found = arrows::wrong(&metadata(root)?);
    for (path, text) in own_files(root)? {
        let is_rust = Path::new(&path).extension().is_some_and(|e| e == "rs");
        if is_rust && !path.starts_with("bench/") {
            found.extend(rules::broken(&Source::new(&path, &text)));
        }
        if Path::new(&path).extension().is_some_and(|e| e == "md") {
            found.extend(links::broken(root, &path, &text));
        }
        found.extend(foreign_paths(&path, &text));
    }
    Ok(found)
}

fn metadata(root: &Path) -> Result<Value, String> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .args(["metadata", "--no-deps", "--format-version", "1", "--offline"])
        .current_dir(root)
        .output()
        .map_err(|error| format!("cargo metadata could not be started: {error}"))?;
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into_owned());
    }
    serde_json::from_slice(&output.stdout).map_err(|error| format!("cargo metadata: {error}"))
}

/// The project's text files as (path from the root, text), in the order of their names.
fn own_files(root: &Path) -> Result<Vec<(String, String)>, String> {
    let top = WalkDir::new(root)
        .max_depth(1)
        .into_iter()
        .filter_entry(|e| !e.file_type().is_dir() || e.depth() == 0);
    let below =
        OWN.iter().map(|folder| root.join(folder)).filter(|p| p.is_dir()).flat_map(|folder| {
            WalkDir::new(folder)
                .into_iter()
                .filter_entry(|entry| !NOT_OWN.iter().any(|name| entry.file_name() == *name))
        });
    let mut files = Vec::new();
    for entry in top.chain(below) {
        let entry = entry.map_err(|error| error.to_string())?;
        let extension = entry.path().extension().and_then(|e| e.to_str()).unwrap_or("");
        // In a second working tree git keeps a file of this name.
        let is_gits = entry.file_name() == ".git";
        if is_gits || !entry.file_type().is_file() || !TEXT.contains(&extension) {
            continue;
        }
        let bytes = std::fs::read(entry.path()).map_err(|error| error.to_string())?;
        let path = entry.path().strip_prefix(root).unwrap_or(entry.path());
        if let Ok(text) = String::from_utf8(bytes) {
            files.push((path.to_string_lossy().replace('\\', "/"), text));
        }
    }
    files.sort();
    Ok(files)
}

/// Absolute paths that exist on one person's machine only.
fn foreign_paths(path: &str, text: &str) -> Vec<String> {
    // Written in two halves, so that this file does not name them itself.
    let foreign = [
        concat!("/wo", "rk/"),
        concat!("/ro", "ot/"),
        concat!("/far", "m/"),
        concat!(".libr", "ary"),
    ];
    let mut found = Vec::new();
    for (index, line) in text.lines().enumerate() {
        for name in foreign {
            let stands_alone = |at: usize| {
                let before = line[..at].chars().next_back();
                !before.is_some_and(|c| c.is_alphanumeric() || "}._-$".contains(c))
            };
            if line.match_indices(name).any(|(at, _)| stands_alone(at)) {
                found.push(format!("{path}:{}: `{name}` is a path of one machine", index + 1));
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_workspace_is_tidy() {
        let found = untidy(crate::root()).expect("the workspace can be read");
        assert!(found.is_empty(), "to mend:\n{}", found.join("\n"));
    }

    #[test]
    fn a_path_of_one_machine_is_named_and_a_folder_of_the_project_is_not() {
        let machine = concat!("cd /wo", "rk/main");
        assert_eq!(foreign_paths("a.md", machine).len(), 1);
        assert!(foreign_paths("a.md", "bench/work/speed").is_empty());
    }
}
