//! Canonical JSON: one text for one value, so that a hash of the text is a hash of the value.
//!
//! Members sorted by the code points of their names at every depth, no white space, numbers
//! and escapes as `serde_json` writes them: what `jq -cS` prints, for values whose numbers are
//! integers below 2^53.

use serde_json::Value;
use sha2::{Digest, Sha256};

/// The one text of `value`.
pub(crate) fn canonical(value: &Value) -> String {
    let mut text = String::new();
    write(value, &mut text);
    text
}

/// SHA-256 of `text`, 64 lower-case hexadecimal digits.
pub(crate) fn sha256(text: &str) -> String {
    hex(&Sha256::digest(text.as_bytes()))
}

/// Bytes as lower-case hexadecimal digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    let digit = |nibble: u8| char::from_digit(u32::from(nibble), 16).unwrap_or_default();
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}

fn write(value: &Value, text: &mut String) {
    match value {
        Value::Object(members) => {
            // Sorted here, because another crate may have asked serde_json to keep insertion
            // order.
            let mut members: Vec<_> = members.iter().collect();
            members.sort_by_key(|(name, _)| *name);
            text.push('{');
            for (n, (name, value)) in members.into_iter().enumerate() {
                if n > 0 {
                    text.push(',');
                }
                text.push_str(&Value::from(name.as_str()).to_string());
                text.push(':');
                write(value, text);
            }
            text.push('}');
        }
        Value::Array(values) => {
            text.push('[');
            for (n, value) in values.iter().enumerate() {
                if n > 0 {
                    text.push(',');
                }
                write(value, text);
            }
            text.push(']');
        }
        plain => text.push_str(&plain.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_order_in_which_members_were_written_does_not_matter() {
        let one: Value = serde_json::from_str(r#"{"b":[{"z":1,"a":"\n"}], "a":null}"#).unwrap();
        assert_eq!(canonical(&one), r#"{"a":null,"b":[{"a":"\n","z":1}]}"#);
    }

    #[test]
    fn the_hash_is_the_one_sha256sum_prints() {
        assert_eq!(
            sha256(&canonical(&json!({}))),
            "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"
        );
    }
}
