//! Which crate may use which, held against the workspace's own manifests.
//!
//! Everyone may use `evidence`; `media align speech account publish case documents` do not know one
//! another; `recount` knows all; `xtask` knows none of them. Only `case` may depend on `SQLite`.

use serde_json::Value;

/// What a crate of the workspace may use of the workspace. A crate that is not named here is
/// a new room, and belongs in the table.
fn may_use(name: &str) -> Option<&'static [&'static str]> {
    match name {
        "evidence" | "xtask" => Some(&[]),
        "media" | "align" | "speech" | "account" | "publish" | "case" | "documents" => {
            Some(&["evidence"])
        }
        "recount" => Some(&[
            "evidence",
            "media",
            "align",
            "speech",
            "account",
            "publish",
            "case",
            "documents",
        ]),
        _ => None,
    }
}

/// Crates from outside that open a door which only one room may open.
const DOORS: &[(&str, &str)] = &[
    ("rusqlite", "case"),
    ("landlock", "media"),
    ("seccompiler", "media"),
    ("whisper-rs", "speech"),
    ("rten", "speech"),
    ("clap", "recount"),
    ("indicatif", "recount"),
    ("axum", "recount"),
    ("hyper", "recount"),
    ("tokio", "recount"),
];

/// Every arrow that should not be there. `metadata` is what `cargo metadata --no-deps` prints.
pub fn wrong(metadata: &Value) -> Vec<String> {
    let mut found = Vec::new();
    for package in list(metadata, "packages") {
        let name = text(package, "name");
        let Some(allowed) = may_use(name) else {
            found.push(format!("{name}: a crate that xtask/src/arrows.rs does not name"));
            continue;
        };
        for dependency in list(package, "dependencies") {
            let used = text(dependency, "name");
            if dependency.get("path").is_some_and(Value::is_string) && !allowed.contains(&used) {
                found.push(format!("{name}: may not use {used}"));
            }
            if let Some((_, room)) =
                DOORS.iter().find(|(door, room)| *door == used && *room != name)
            {
                found.push(format!("{name}: may not use {used}, only {room} may"));
            }
        }
    }
    found
}

fn list<'a>(value: &'a Value, key: &str) -> &'a [Value] {
    value.get(key).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value.get(key).and_then(Value::as_str).unwrap_or("")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn workspace(name: &str, used: &str, path: Option<&str>) -> Value {
        let dependency = json!({ "name": used, "path": path });
        json!({ "packages": [{ "name": name, "dependencies": [dependency] }] })
    }

    #[test]
    fn rooms_do_not_know_one_another() {
        assert_eq!(wrong(&workspace("align", "media", Some("x"))), ["align: may not use media"]);
        assert!(wrong(&workspace("align", "evidence", Some("x"))).is_empty());
        assert!(wrong(&workspace("recount", "align", Some("x"))).is_empty());
    }

    #[test]
    fn only_the_case_speaks_to_the_database() {
        let found = wrong(&workspace("publish", "rusqlite", None));
        assert_eq!(found, ["publish: may not use rusqlite, only case may"]);
        assert!(wrong(&workspace("case", "rusqlite", None)).is_empty());
    }

    #[test]
    fn a_new_room_must_be_put_on_the_table() {
        assert_eq!(wrong(&workspace("gossip", "serde", None)).len(), 1);
    }
}
