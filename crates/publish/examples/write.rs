//! Writes a snapshot, read as JSON from standard input, in the format that is named: a way to
//! look at what the writers make.

use std::error::Error;
use std::io::{Read, Write, stdin, stdout};

fn main() -> Result<(), Box<dyn Error>> {
    let name = std::env::args().nth(1).ok_or("which format? json, csv, svg, otio or lanes")?;
    let mut text = String::new();
    stdin().read_to_string(&mut text)?;
    let snapshot: publish::Snapshot = serde_json::from_str(&text)?;
    if name == "lanes" {
        let width = std::env::args().nth(2).map_or(Ok(100), |text| text.parse())?;
        let style = publish::lanes::Style::default();
        print!("{}", publish::lanes::draw(&snapshot, width, style));
        return Ok(());
    }
    let format = publish::format_named(&name).ok_or("there is no such format")?;
    for file in (format.write)(&snapshot)? {
        stdout().write_all(&file.bytes)?;
    }
    Ok(())
}
