//! Writes a snapshot, read as JSON from standard input, in the format that is named: a way to
//! look at what the writers make. A second argument is the folder for all files of the format
//! (for `lanes`, the width); without it the first file goes to standard output.

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
    let files = (format.write)(&snapshot)?;
    if let Some(folder) = std::env::args().nth(2) {
        for file in files {
            std::fs::write(std::path::Path::new(&folder).join(&file.name), &file.bytes)?;
        }
    } else if let Some(file) = files.first() {
        stdout().write_all(&file.bytes)?;
    }
    Ok(())
}
