//! The keeper as a program of its own, for the tests of this crate; with file names it probes and
//! listens to each and prints what it found: `media-keeper FILE…`.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Instant;

fn main() -> ExitCode {
    media::become_child_if_asked();
    let door = match media::Door::open(media::Limits::default()) {
        Ok(door) => door,
        Err(e) => {
            eprintln!("error: {e}");
            return ExitCode::from(4);
        }
    };
    for warning in door.warnings() {
        println!("warning: {warning}");
    }
    for path in std::env::args_os().skip(1).map(PathBuf::from) {
        if let Err(e) = describe(&door, &path) {
            println!("error: {e}");
        }
    }
    ExitCode::SUCCESS
}

fn describe(door: &media::Door, path: &Path) -> Result<(), media::Error> {
    let begun = Instant::now();
    let (id, size_bytes) = media::hash(path, &|| false)?;
    println!("{} {id} {size_bytes} bytes, hashed in {:?}", path.display(), begun.elapsed());
    let begun = Instant::now();
    let recording = door.probe(path, &|| false)?;
    println!("probed in {:?}: {recording:?}", begun.elapsed());
    let begun = Instant::now();
    let listened = door.listen(path, &recording, 8000, &|| false, &mut |_| {})?;
    println!("listened in {:?}: {listened:?}", begun.elapsed());
    Ok(())
}
