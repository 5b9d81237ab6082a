//! Probes and listens to each file named: `cargo run -p media --example listen -- FILE…`.

fn main() {
    media::become_child_if_asked();
    let door = media::Door::open(media::Limits::default()).expect("ffmpeg");
    println!("ffmpeg {}", door.ffmpeg_version());
    for warning in door.warnings() {
        println!("{warning}");
    }
    for path in std::env::args_os().skip(1).map(std::path::PathBuf::from) {
        let begun = std::time::Instant::now();
        match door.probe(&path, &|| false) {
            Err(e) => println!("{e}"),
            Ok(recording) => {
                println!("{} {recording:#?} {:?}", path.display(), begun.elapsed());
                let (mut samples, mut energy) = (0, 0.0);
                let listened = door.listen(&path, &recording, 8000, &|| false, &mut |s| {
                    samples += s.len();
                    energy += s.iter().map(|x| f64::from(x * x)).sum::<f64>();
                });
                println!("{listened:?} {samples} {energy} {:?}", begun.elapsed());
            }
        }
    }
}
