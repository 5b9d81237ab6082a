//! The door in: the only part of Recount that opens recordings, read-only, and the only one that
//! starts ffmpeg. It hashes a source, reads what a file says of itself, and turns its sound into
//! one line of samples on presentation time, its pictures into brightness, thumbnails and copies that
//! browsers play. It may touch the files it is asked for, ffmpeg and ffprobe, and nothing else; it
//! knows no case, writes no file but one it is given open, prints nothing, and parses no media: that is done by ffmpeg in a process of its own (the keeper: this executable, started
//! again), which closes the doors below before it becomes ffmpeg.
//!
//! | what a hostile file could try through ffmpeg | what stops it |
//! |---|---|
//! | read another file | Landlock: the one media file, libraries, ffmpeg and its loader; nothing else |
//! | have ffmpeg open another file (playlist, concat script, references) | allow-list of demuxers, protocol `file` only, and Landlock again |
//! | write, create, delete, rename | Landlock; file size limit of 0 bytes; for a copy that browsers play, one file that we opened, up to a limit |
//! | change times, modes, owners, attributes of the source | system call filter |
//! | reach the network | network namespace of its own; system call filter (no sockets at all) |
//! | talk to other processes: signals, tracing, shared memory, abstract sockets | system call filter, IPC namespace, Landlock scopes |
//! | start another program or process | Landlock (execute: ffmpeg and its loader only); system call filter (no fork) |
//! | gain rights | no new privileges; capabilities given up but that to read; user namespace |
//! | use the kernel's rarer corners (bpf, `io_uring`, keys, mounts) | system call filter |
//! | use up the machine | limits on processor time, address space, open files, core dumps, and on what is read from its pipes |
//! | live on | dies with the thread that started it; reaped however the run ends |
//! | smuggle meaning in a file's name | the file is handed over open, as standard input; ffmpeg never sees its name |
//! | read inherited secrets | empty environment; every other descriptor closed |
//!
//! What a kernel lacks, [`Door::warnings`] says, and the rest holds. What is not closed: `stat`
//! tells that another path exists; reading a file updates its access time where the file system
//! keeps one.

mod assembly;
mod at_once;
mod child;
mod door;
mod error;
mod ffmpeg;
mod formats;
mod frame_table;
mod hash;
mod keeper;
mod listen;
mod mix;
mod nut;
mod papers;
mod probe;
mod proxy;
#[cfg(target_os = "linux")]
mod sandbox;
mod source_file;
mod sys;
mod thumbnails;
mod timeline;
mod told;
mod watch_light;

pub use door::{Door, Limits};
pub use error::Error;
pub use frame_table::FrameTable;
pub use hash::hash;
pub use keeper::become_child_if_asked;
pub use listen::{CHANNELS_MAX, Listened};
pub use papers::Papers;
pub use proxy::{GOP_FRAMES, Proxied, SIDE_PIXELS_MAX};
pub use thumbnails::{SHEET_THUMBNAILS, Thumbnails};
pub use watch_light::{Frame, LIGHT_CELLS, Watched};
