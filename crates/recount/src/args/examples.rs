//! The examples and exit codes that end each help text.

pub(super) const RECOUNT: &str = "\
Examples:
  recount reconstruct footage/                 all of it, into footage.recount
  recount sync *.mp4 --json                    just the offsets, without a case
  recount status footage.recount               what is known, and what is not
  recount export footage.recount --to otio edit.otio

Exit codes:
  0  done
  1  done, and something needs attention: a file was skipped, or verify found a difference
  2  the command line was wrong
  3  stopped (ctrl-C); the same command continues where it stopped
  4  it could not be done; the sentence on standard error says why and what to do";

pub(super) const RECONSTRUCT: &str = "\
Examples:
  recount reconstruct footage/
  recount reconstruct /media/card --case ~/cases/rehearsal.recount --copy
  recount reconstruct footage/ --json --progress json

The case holds case.db (what was found), custody.jsonl (who did what, when), timeline.svg (the
picture) and cache/ (may be deleted at any time). Ctrl-C stops within a second; run the same
command again to continue.";

pub(super) const NEW: &str = "\
Example:
  recount new rehearsal.recount";

pub(super) const ADD: &str = "\
Examples:
  recount add rehearsal.recount footage/ call-sheet.pdf
  recount add rehearsal.recount /media/card --copy

Whatever ffmpeg reads is a recording; PDF, Word, HTML, Markdown, text, CSV, e-mail and pictures
are documents. Hidden files are passed over; their number is told.";

pub(super) const SYNC: &str = "\
Examples:
  recount sync rehearsal.recount
  recount sync cam-a.mp4 cam-b.mov recorder.wav
  recount sync rehearsal.recount --by-clock
  recount sync *.mp4 --json > placements.json

In the JSON, the case time of media time t is offset + (1 + drift_ppm / 1000000) * t seconds, and
sigma is one standard deviation. A recording that shares no sound with another has no pieces.";

pub(super) const TRANSCRIBE: &str = "\
Examples:
  recount transcribe rehearsal.recount
  recount transcribe rehearsal.recount --language nl --prompt 'Tobias Wren, Lantern Quay'
  recount transcribe rehearsal.recount --model large-v3 --jobs 1

A larger model errs less and takes longer; `recount model list` shows them. Each recording takes
one processor; fewer --jobs need less memory.";

pub(super) const WORDS: &str = "\
Examples:
  recount words rehearsal.recount
  recount words rehearsal.recount | grep -i cold
  recount words rehearsal.recount --unclear
  recount words rehearsal.recount C0012.MP4 --at 15.6 --text 'Scene 34, the counting house.'
  recount words rehearsal.recount C0012.MP4 --at 13.9 --confirm
  recount words rehearsal.recount --corrected
  recount words rehearsal.recount --json

A machine wrote the words down unless a transcript was brought: listen before you rely on them.";

pub(super) const VOICES: &str = "\
Examples:
  recount voices rehearsal.recount
  recount voices rehearsal.recount 3 --is 'Ines Calder'
  recount voices rehearsal.recount C0012.MP4 --at 13.9 --is 'Ines Calder'
  recount voices rehearsal.recount C0012.MP4 --at 52.1 --is 'Ned Farrow' --only
  recount voices rehearsal.recount --undo
  recount voices rehearsal.recount --no-matching

A number holds until the list changes; a name stays with the voice. Listen before you name.";

pub(super) const MODEL: &str = "\
Examples:
  recount model list
  recount model get small
  recount model add ~/Downloads/ggml-large-v3.bin

`get` asks curl for the file, the only time that recount uses a network, and keeps it only if its
SHA-256 is the published one. Without a network, bring the file and `add` it.";

pub(super) const PLACE: &str = "\
Examples:
  recount place rehearsal.recount lobby.mp4 --at 0:03:13.9 --media 41.2 --sigma 0.5
  recount place rehearsal.recount lobby.mp4 --with phone.mov --other-at 1:48.6 --lock
  recount place rehearsal.recount phone.mov --stood 4.5,12 --within 1.5
  recount place rehearsal.recount --list
  recount place rehearsal.recount lobby.mp4 --undo

The first says: what lobby.mp4 shows at 41.2 s happened at 3 min 13.9 s of the case, give or take
half a second. It is kept as a relation to a recording that was running then, so it stays true when
the zero of the case moves. The exit code is 1 if sound contradicts it and it is not locked.
The third says where a recorder stood: two that were near one another heard every sound at nearly
the same time, which makes their places surer; `recount why` says how nearly.";

pub(super) const CLOCK: &str = "\
Examples:
  recount clock rehearsal.recount
  recount clock rehearsal.recount lobby.mp4 --at 0:12.5 --utc 2019-10-21T19:46:05Z --sigma 0.5
  recount clock rehearsal.recount --utc-from IMG_4127.MOV
  recount clock rehearsal.recount lobby.mp4 --at 0:12 --shows '2019-10-21 13:46:05' --name lobby
  recount clock rehearsal.recount lobby.mp4 --undo

A clock that is ahead shows a later time than the others. What may explain an error is a candidate:
many cameras write local time where UTC belongs, and no clock says that it was never set. From one
moment of UTC the doubt grows by 0.36 s for each hour away; a second one, hours away, takes that off.";

pub(super) const STATUS: &str = "\
Examples:
  recount status rehearsal.recount
  recount status rehearsal.recount --json
  recount status rehearsal.recount --ambiguous";

pub(super) const WHY: &str = "\
Examples:
  recount why rehearsal.recount IMG_4127.MOV
  recount why rehearsal.recount IMG_4127.MOV --svg why.svg
  recount why rehearsal.recount IMG_4127.MOV --json | jq .why.ties

In the JSON, lag says how many seconds after the other this recording began, and a positive
residual would place it later; times are seconds.";

pub(super) const FIND: &str = "\
Examples:
  recount find seen-on-tv.mp4 --in rehearsal.recount
  recount find clips/ --in rehearsal.recount --json | jq .clips

A clip that is found nowhere is an answer, not an error: the exit code is 0.";

pub(super) const EXPORT: &str = "\
Examples:
  recount export rehearsal.recount --to otio edit.otio
  recount export rehearsal.recount --to csv tables/
  recount export rehearsal.recount --to json - | jq .recordings

A file appears complete or not at all. One that exists is replaced only with --force. Nothing is
written into a folder that was added as evidence. Recordings that share no clock share no timeline:
with several islands, --to otio edit.otio writes edit-island-0.otio and so on.";

pub(super) const IMPORT: &str = "\
Examples:
  recount import rehearsal.recount interview.srt --of IMG_4127.MOV
  recount import rehearsal.recount whisperx.json --of CAM_A/C0012.MP4 --json

Nothing of a transcript is left out: what cannot be read is told with its line, and then nothing is
imported.";

pub(super) const SEARCH: &str = "\
Examples:
  recount search rehearsal.recount cold gun
  recount search rehearsal.recount '\"cold gun\" NEAR cart speaker:\"first AD\"'
  recount search rehearsal.recount 'pist* OR revolver after:0:12:00 before:0:15:30'
  recount search rehearsal.recount '~Halina source:body-cam' --cite
  recount search rehearsal.recount '\"sounds cold\"' --json

Results are ranked unless more than 500 passages hold what was asked for; then the first are shown
in order. PDF is read where pdftotext is installed.";

pub(super) const SERVE: &str = "\
Examples:
  recount serve rehearsal.recount
  recount serve rehearsal.recount --open
  recount serve rehearsal.recount --port 8080
  recount serve rehearsal.recount --listen 192.168.1.5 --password-file p.txt --tls-cert c.pem --tls-key k.pem

Without --listen it answers on 127.0.0.1 only; ssh -L tunnels that to another machine.";

pub(super) const VERIFY: &str = "\
Examples:
  recount verify rehearsal.recount
  recount verify rehearsal.recount --json";

pub(super) const COMPLETIONS: &str = "\
Examples:
  recount completions bash > ~/.local/share/bash-completion/completions/recount
  recount completions fish > ~/.config/fish/completions/recount.fish
  recount completions zsh > ~/.zfunc/_recount";

pub(super) const MAN: &str = "\
Example:
  recount man ~/.local/share/man/man1";
