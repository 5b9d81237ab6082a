//! What can be asked for on the command line.
//!
//! In: the words of the command line. Out: a [`Cli`]. Nothing here reads a file or the
//! environment; clap answers `--help`, `--version` and usage errors (exit code 2) by itself.

mod examples;
mod place;
mod speech;
mod time;

use std::path::PathBuf;

use clap::{ArgAction, Args, Parser, Subcommand, ValueEnum};

use evidence::UtcTime;
use evidence::civil::Written;

use crate::steps::align::Missing;

pub use speech::{Hearing, Model, ModelCommand, Transcribe, Voices, Words};

/// Works out what happened from everything that recorded it, and shows how it knows.
#[derive(Debug, Parser)]
#[command(
    name = "recount",
    version,
    propagate_version = true,
    max_term_width = 100,
    subcommand_required = true,
    arg_required_else_help = true,
    after_help = examples::RECOUNT
)]
pub struct Cli {
    /// How to talk.
    #[command(flatten)]
    pub voice: Voice,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// How a command talks; understood before and after the command's name.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "How to talk")]
pub struct Voice {
    /// Print the result as one JSON object on standard output
    #[arg(long, global = true)]
    pub json: bool,
    /// Print nothing but the result and what needs attention
    #[arg(short, long, global = true, conflicts_with = "verbose")]
    pub quiet: bool,
    /// Say more: -v names each file as it is done
    #[arg(short, long, global = true, action = ArgAction::Count)]
    pub verbose: u8,
    /// How progress is shown on standard error
    #[arg(long, global = true, value_name = "HOW", value_enum, default_value_t = Progress::Auto)]
    pub progress: Progress,
    /// When to use colour; `NO_COLOR` is honoured
    #[arg(long, global = true, value_name = "WHEN", value_enum, default_value_t = Colour::Auto)]
    pub color: Colour,
}

/// How progress is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Progress {
    /// A bar on a terminal, nothing elsewhere
    Auto,
    /// One JSON object a line, for programs
    Json,
    /// Nothing
    Off,
}

/// When to use colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Colour {
    /// On a terminal
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

/// The commands, in the order in which a case needs them.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Do all of it: folder in, synchronised case and picture out
    ///
    /// Makes a case beside the folder (never inside it), adds every recording and document,
    /// listens to each recording once, puts them on one clock, and draws the timeline. Where there
    /// is a model to write down speech by, writes down what is said.
    /// A run that was stopped continues where it was.
    Reconstruct(Reconstruct),
    /// Make an empty case
    New(New),
    /// Add recordings and documents to a case
    ///
    /// Folders are searched to the bottom, in the order of their names. Evidence stays where it is
    /// and is remembered by path, size and SHA-256. What is skipped is named with the reason, and
    /// the exit code is then 1. Adding something twice changes nothing.
    Add(Add),
    /// Put the recordings of a case, or just some files, on one clock
    ///
    /// Given a case, listens to the recordings that were not heard yet and places all of them.
    /// Given files, or a folder that is no case, does the same without a case and prints the
    /// result; nothing is kept.
    Sync(Sync),
    /// Write down what is said in the recordings of a case
    ///
    /// Finds where somebody speaks, writes the words down with their times by a Whisper model on
    /// this machine, and lists what could not be made out for certain. Nothing is sent anywhere.
    /// A run that was stopped continues with the next recording; what was written down by the same
    /// model, told the same, is not written down again.
    Transcribe(Transcribe),
    /// Show what is said, each utterance once
    ///
    /// Where several recordings on one clock heard the same speech, it is told once, taken word by
    /// word from what most of them can answer for; the recording in brackets is the one to listen
    /// to, and the number after it says how many others heard it. (?) follows a word that nobody is
    /// sure of. With --json every word says what the others have in its place.
    ///
    /// With --unclear, what is left for a person: where nobody is sure of a word, and where somebody
    /// speaks and no recording on that clock understood it.
    ///
    /// With --at and --text the utterance that is said then is corrected: what you write is kept as yours,
    /// with who and when, beside what the machine wrote; it stands wherever words are shown, searched or
    /// exported, also after transcribing again, until it is taken back.
    Words(Words),
    /// Show who speaks, and say who that is
    ///
    /// Lists the voices of the case, those that speak longest first: in how many recordings each is
    /// heard, and where to hear it. Voices of different recordings are taken for one person's where they
    /// are alike, or speak at the same moments of one clock; that is a machine's guess. A name given to
    /// one holds wherever the voice is heard, is kept as yours and can be taken back: two voices with
    /// one name are one person from then on, and voices with two names never are.
    Voices(Voices),
    /// Show, fetch or add the models by which speech is written down
    Model(Model),
    /// Say where a recording lies, where sound cannot tell
    ///
    /// What you say is kept with your name and the time, takes part in the solution as yours, and
    /// can be taken back. Sound that is sure of itself outweighs it; --lock holds it against
    /// everything. The recordings are placed anew at once, and what moved is told.
    Place(Place),
    /// Show how wrong the clocks of the devices are, and tie the case to UTC
    ///
    /// Reads what the files say of when they were made, and their names, and compares the clocks of
    /// recordings on one island with one another: most devices agreeing, or UTC where the case is
    /// anchored, tells how far off each is, with what may explain it. Nothing is placed by that; see
    /// `recount sync --by-clock`. With --utc, says which moment of UTC a moment of a recording was;
    /// with --shows, what a clock in the picture showed. Both are kept with your name and can be
    /// taken back.
    Clock(Clock),
    /// Show the sources, the islands, the placements and what could not be placed
    Status(Status),
    /// Show why a recording lies where it does, or on no clock
    ///
    /// Names every tie behind its place: what it has in common with whom, in which windows of the
    /// sound the two agree and in which not, how far the tie is from the solution, and whether
    /// another lag came near. Says what its doubt is made of, and which ties nothing else backs
    /// up. Of a recording on no clock it says what came nearest and what could be done. --svg
    /// draws what every window said.
    Why(Why),
    /// Say where clips are from
    ///
    /// Listens to each clip and compares it with every recording of the case. Names the stretches
    /// that both hold, to a tenth of a second in either, at which speed, and what tells which of the
    /// two is the copy; else the recordings that heard the same moment, with how much earlier they
    /// began; else what came nearest, which is then not enough. Nothing is added to the case or kept.
    Find(Find),
    /// Bring a transcript of a recording into the case
    ///
    /// Reads subtitles (vtt, srt, ttml), the JSON of transcript editors (DPE) and of recognisers
    /// (Whisper and its kin), and plain text with times. The file is added to the case as a document
    /// and never changed. Words without times of their own are given those at which a recogniser heard
    /// them, if the case has what one wrote of the recording; else they are spread over the time of
    /// their line, and marked so wherever they are shown. Of each file the newest import counts.
    Import(Import),
    /// Find what was said or written
    ///
    /// Looks through every word of the transcripts and documents of a case; the index for that is made
    /// when it is first needed, and brought up to date. Words must all be there: cold gun. "cold gun"
    /// is a phrase, pist* any word that begins so, ~Halina any that sounds so; a OR b is either; a
    /// NEAR b is at most ten words apart, a NEAR/3 b at most three. speaker:NAME, source:PART-OF-NAME,
    /// after:TIME and before:TIME (on the clock of an island) narrow. Case and accents do not count.
    /// Each result names the recording and the time of the word in it, who speaks, its case time where
    /// it is on a clock, and where else the same was heard or copied to.
    Search(Search),
    /// Open a page in which all recordings play in step
    ///
    /// Serves the case to a browser on this machine and prints the address. The address carries a
    /// token that lets your browser in and nobody else's; nothing is sent to any other machine.
    /// Copies for browsers, thumbnails and the like are made in the background and kept in the
    /// cache of the case. Other commands can be used on the case meanwhile, and the page shows
    /// what they change. Ends with ctrl-C.
    Serve(Serve),
    /// Write what was found in another program's format
    Export(Export),
    /// Check that every source is still what it was, and that the custody log is whole
    ///
    /// Reads every source again and compares its SHA-256 with the one in the case; names what is
    /// missing, what has changed and what lies in the added folders without being in the case; and
    /// checks that no line of the custody log was edited, removed or moved. Changes nothing. The
    /// exit code is 1 if anything differs.
    Verify(Verify),
    /// Print a completion script for a shell
    Completions(Completions),
    /// Write the manual pages
    Man(Man),
}

/// `recount reconstruct`; see [`Command::Reconstruct`].
#[derive(Args, Debug)]
#[command(after_help = examples::RECONSTRUCT)]
pub struct Reconstruct {
    /// The folder with the evidence; it is only read
    pub folder: PathBuf,
    /// The case to make or to continue [default: FOLDER.recount, beside the folder]
    #[arg(long, value_name = "CASE")]
    pub case: Option<PathBuf>,
    /// Copy the evidence into the case
    #[arg(long)]
    pub copy: bool,
    /// By what speech is written down, and what to expect of it.
    #[command(flatten)]
    pub hearing: Hearing,
    /// Do not write down what is said
    #[arg(long, conflicts_with_all = ["model", "language", "prompt"])]
    pub no_words: bool,
    /// Whether clocks are believed.
    #[command(flatten)]
    pub belief: Belief,
    /// What becomes of the rest.
    #[command(flatten)]
    pub rest: Rest,
    /// How hard to work.
    #[command(flatten)]
    pub work: Work,
}

/// `recount new`; see [`Command::New`].
#[derive(Args, Debug)]
#[command(after_help = examples::NEW)]
pub struct New {
    /// The folder to make; it must not exist, or be empty
    pub case: PathBuf,
}

/// `recount add`; see [`Command::Add`].
#[derive(Args, Debug)]
#[command(after_help = examples::ADD)]
pub struct Add {
    /// The case
    pub case: PathBuf,
    /// Files and folders to add
    #[arg(required = true, value_name = "PATH")]
    pub paths: Vec<PathBuf>,
    /// Copy the evidence into the case instead of remembering where it is
    #[arg(long)]
    pub copy: bool,
    /// How hard to work.
    #[command(flatten)]
    pub work: Work,
}

/// `recount sync`; see [`Command::Sync`].
#[derive(Args, Debug)]
#[command(after_help = examples::SYNC)]
pub struct Sync {
    /// A case, or files and folders
    #[arg(required = true, value_name = "CASE|FILE")]
    pub targets: Vec<PathBuf>,
    /// Whether clocks are believed.
    #[command(flatten)]
    pub belief: Belief,
    /// What becomes of the rest.
    #[command(flatten)]
    pub rest: Rest,
    /// How hard to work.
    #[command(flatten)]
    pub work: Work,
}

/// `recount place`; see [`Command::Place`].
#[derive(Args, Debug)]
#[command(after_help = examples::PLACE, group = clap::ArgGroup::new("what").required(true))]
pub struct Place {
    /// The case
    pub case: PathBuf,
    /// The recording: its name in the case, its path, or the first six digits of its hash
    #[arg(required_unless_present_any = ["list", "undo"])]
    pub file: Option<String>,
    /// It was then: a time on the clock of an island, in seconds or as h:mm:ss.mmm
    #[arg(long, value_name = "TIME", value_parser = time::moment, group = "what",
          allow_hyphen_values = true)]
    pub at: Option<i64>,
    /// Which island's clock --at is on
    #[arg(long, value_name = "N", default_value_t = 0, requires = "at")]
    pub island: u32,
    /// It was when another recording was at --other-at
    #[arg(long, value_name = "OTHER", group = "what")]
    pub with: Option<String>,
    /// The time in the other recording
    #[arg(long, value_name = "TIME", value_parser = time::moment, requires = "with",
          default_value = "0", allow_hyphen_values = true)]
    pub other_at: i64,
    /// The time in the recording that all this is about
    #[arg(long, value_name = "TIME", value_parser = time::moment, default_value = "0")]
    pub media: i64,
    /// How far off it may be: one standard deviation, in seconds
    #[arg(long, value_name = "SECONDS", value_parser = time::doubt, default_value = "0.1")]
    pub sigma: i64,
    /// Its recorder stood there: X,Y or X,Y,Z in metres, from a point that is the same for all
    /// recordings
    #[arg(long, value_name = "XY", value_parser = place::metres, group = "what",
          allow_hyphen_values = true)]
    pub stood: Option<[i64; 3]>,
    /// … and was never farther from there than this, metres
    #[arg(long, value_name = "METRES", value_parser = place::radius, requires = "stood",
          default_value = "0")]
    pub within: i64,
    /// Let nothing else move it against the other: sound that contradicts it is not heeded
    #[arg(long)]
    pub lock: bool,
    /// Take back what was said last, or all that was said of FILE
    #[arg(long, group = "what")]
    pub undo: bool,
    /// Show what was said and by whom
    #[arg(long, group = "what")]
    pub list: bool,
    /// How hard to work.
    #[command(flatten)]
    pub work: Work,
}

/// `recount clock`; see [`Command::Clock`].
#[derive(Args, Debug)]
#[command(after_help = examples::CLOCK, group = clap::ArgGroup::new("word"))]
pub struct Clock {
    /// The case
    pub case: PathBuf,
    /// The recording: its name in the case, its path, or the first six digits of its hash; without it,
    /// all clocks are shown
    pub file: Option<String>,
    /// The time in the recording that this is about
    #[arg(long, value_name = "TIME", value_parser = time::moment, default_value = "0")]
    pub at: i64,
    /// It was then in UTC, or in a time that says how far it is from UTC: 2019-10-21T19:46:05Z
    #[arg(long, value_name = "UTC", value_parser = time::utc, group = "word", requires = "file")]
    pub utc: Option<UtcTime>,
    /// A clock showed this then: '2019-10-21 13:46:05' or '13:46:05'
    #[arg(long, value_name = "CLOCK", value_parser = time::shown, group = "word", requires = "file")]
    pub shows: Option<Written>,
    /// Which clock it is, if several files show it; without this, that of the device
    #[arg(long, value_name = "NAME", requires = "shows")]
    pub name: Option<String>,
    /// How far off it may be: one standard deviation, in seconds [default: 1; 0.1 if the time has
    /// decimals]
    #[arg(long, value_name = "SECONDS", value_parser = time::doubt)]
    pub sigma: Option<i64>,
    /// Take UTC from what this file says of itself: from GPS, or because you say so
    #[arg(long, value_name = "FILE", group = "word", conflicts_with = "file")]
    pub utc_from: Option<String>,
    /// Take back what was said last of UTC or a clock, or all that was said of FILE
    #[arg(long, group = "word")]
    pub undo: bool,
    /// How hard to work.
    #[command(flatten)]
    pub work: Work,
}

/// `recount status`; see [`Command::Status`].
#[derive(Args, Debug)]
#[command(after_help = examples::STATUS)]
pub struct Status {
    /// The case
    pub case: PathBuf,
    /// Show instead what sound alone could not decide: where recordings on no clock would fit, and
    /// whose place is sure only because others agree
    #[arg(long)]
    pub ambiguous: bool,
}

/// `recount why`; see [`Command::Why`].
#[derive(Args, Debug)]
#[command(after_help = examples::WHY)]
pub struct Why {
    /// The case
    pub case: PathBuf,
    /// The recording: its name as `recount status` shows it, its path, or the first digits of its
    /// SHA-256
    pub file: String,
    /// Draw what every window said, as a picture
    #[arg(long, value_name = "OUT")]
    pub svg: Option<PathBuf>,
    /// Replace a picture that exists; a source is never replaced
    #[arg(long, requires = "svg")]
    pub force: bool,
}

/// `recount export`; see [`Command::Export`].
#[derive(Args, Debug)]
#[command(after_help = examples::EXPORT)]
pub struct Export {
    /// The case
    pub case: PathBuf,
    /// The format
    #[arg(long, value_name = "FORMAT", value_parser = format_names())]
    pub to: String,
    /// A file, a folder, or - for standard output; where there are several files to write, their
    /// names begin with that of the file
    #[arg(allow_hyphen_values = true)]
    pub out: PathBuf,
    /// Replace files that exist; a source is never replaced
    #[arg(long)]
    pub force: bool,
}

/// `recount find`; see [`Command::Find`].
#[derive(Args, Debug)]
#[command(after_help = examples::FIND)]
pub struct Find {
    /// Files, or folders with files
    #[arg(required = true, value_name = "CLIP")]
    pub clips: Vec<PathBuf>,
    /// The case to look in; its recordings were listened to before
    #[arg(long = "in", value_name = "CASE")]
    pub case: PathBuf,
    /// How hard to work.
    #[command(flatten)]
    pub work: Work,
}

/// `recount import`; see [`Command::Import`].
#[derive(Args, Debug)]
#[command(after_help = examples::IMPORT)]
pub struct Import {
    /// The case
    pub case: PathBuf,
    /// The transcript
    pub transcript: PathBuf,
    /// The recording that it is of: its name in the case, its path, or the first six digits of its hash
    #[arg(long, value_name = "RECORDING")]
    pub of: String,
}

/// `recount search`; see [`Command::Search`].
#[derive(Args, Debug)]
#[command(after_help = examples::SEARCH)]
pub struct Search {
    /// The case
    pub case: PathBuf,
    /// What to find; see above
    #[arg(required = true, value_name = "QUERY")]
    pub query: Vec<String>,
    /// How many results to show
    #[arg(long, value_name = "N", default_value_t = 20,
          value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub limit: u32,
    /// Print citations only: the words, each a Markdown link to its seconds (file#t=12.400,15.900)
    #[arg(long)]
    pub cite: bool,
}

/// `recount serve`; see [`Command::Serve`].
#[derive(Args, Debug)]
#[command(after_help = examples::SERVE)]
pub struct Serve {
    /// The case
    pub case: PathBuf,
    /// The port to serve on; 0 is any that is free [default: 7462, or any if that is taken]
    #[arg(long, value_name = "N")]
    pub port: Option<u16>,
    /// Open it in this machine's browser
    #[arg(long)]
    pub open: bool,
    /// Answer other machines too, on an address of this one (0.0.0.0: on all of them); takes the
    /// three that follow
    #[arg(long, value_name = "ADDRESS")]
    pub listen: Option<std::net::IpAddr>,
    /// A file whose first line is the password that browsers elsewhere are asked for; readable by
    /// you alone
    #[arg(long, value_name = "FILE")]
    pub password_file: Option<PathBuf>,
    /// The certificate for the name or address under which this machine is reached (PEM)
    #[arg(long, value_name = "FILE")]
    pub tls_cert: Option<PathBuf>,
    /// The key of the certificate (PEM); readable by you alone
    #[arg(long, value_name = "FILE")]
    pub tls_key: Option<PathBuf>,
    /// Serve the page that lies in a folder instead of the built-in one, for work on the page
    #[arg(long, value_name = "FOLDER")]
    pub page: Option<PathBuf>,
}

/// `recount verify`; see [`Command::Verify`].
#[derive(Args, Debug)]
#[command(after_help = examples::VERIFY)]
pub struct Verify {
    /// The case
    pub case: PathBuf,
    /// How hard to work.
    #[command(flatten)]
    pub work: Work,
}

/// `recount completions`; see [`Command::Completions`].
#[derive(Args, Debug)]
#[command(after_help = examples::COMPLETIONS)]
pub struct Completions {
    /// The shell
    pub shell: clap_complete::Shell,
}

/// `recount man`; see [`Command::Man`].
#[derive(Args, Debug)]
#[command(after_help = examples::MAN)]
pub struct Man {
    /// The folder to write `recount.1`, `recount-add.1`, … into; it is made if need be
    pub folder: PathBuf,
}

/// What becomes of the rest when recordings that were placed cannot be heard any more.
#[derive(Args, Clone, Copy, Debug)]
pub struct Rest {
    /// Place the rest anew when recordings that were placed before cannot be heard now; without
    /// this, everything then stays placed as it was
    #[arg(long)]
    without_missing: bool,
}

impl Rest {
    /// As the step understands it.
    pub fn missing(self) -> Missing {
        if self.without_missing { Missing::IsLeftOut } else { Missing::KeepsPlacements }
    }
}

/// Whether clocks are believed.
#[derive(Args, Clone, Copy, Debug)]
pub struct Belief {
    /// Place by its device's clock what sound, light and hand leave off, from now on in this case
    #[arg(long)]
    by_clock: bool,
    /// Do so no longer
    #[arg(long, conflicts_with = "by_clock")]
    no_by_clock: bool,
}

impl Belief {
    /// What is asked for from now on; none where nothing was said.
    pub fn asked(self) -> Option<bool> {
        (self.by_clock || self.no_by_clock).then_some(self.by_clock)
    }
}

/// How hard to work.
#[derive(Args, Clone, Copy, Debug)]
pub struct Work {
    /// Files worked on side by side [default: the number of processors]
    #[arg(short, long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=512))]
    pub jobs: Option<u16>,
}

impl Work {
    /// The number of files to work on side by side, at least one.
    pub fn jobs(self) -> usize {
        match self.jobs {
            Some(jobs) => usize::from(jobs),
            None => std::thread::available_parallelism().map_or(1, usize::from),
        }
    }
}

/// The formats that `publish` can write, for `--to` and its help.
fn format_names() -> clap::builder::PossibleValuesParser {
    publish::formats()
        .iter()
        .map(|format| clap::builder::PossibleValue::new(format.name).help(format.about))
        .collect::<Vec<_>>()
        .into()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_contradicts_itself_nowhere() {
        Cli::command().debug_assert();
    }

    #[test]
    fn a_case_and_its_switches_may_come_in_any_order() {
        let cli = Cli::try_parse_from(["recount", "add", "a.recount", "x", "--copy", "--json"]);
        assert!(cli.is_ok_and(|cli| cli.voice.json));
        let cli = Cli::try_parse_from(["recount", "--json", "status", "a.recount"]);
        assert!(cli.is_ok_and(|cli| cli.voice.json));
    }

    #[test]
    fn the_page_of_commands_names_every_command_and_its_switches_and_no_others() {
        let page = include_str!("../../../../docs/commands.md");
        let table = page.lines().skip_while(|line| !line.starts_with("| command")).skip(2);
        // The usage of a row, in backquotes, is the name of a command, its switches and the rest.
        let told: BTreeSet<(String, String)> = table
            .take_while(|line| !line.is_empty())
            .filter_map(|row| row.split('`').nth(1)?.split_once(' '))
            .flat_map(|(name, usage)| {
                let words = usage.split([' ', '[', ']']).filter(|word| word.starts_with('-'));
                words.chain([""]).map(|word| (name.to_owned(), word.to_owned()))
            })
            .collect();
        let mut known = BTreeSet::new();
        for command in Cli::command().get_subcommands() {
            let switches = command.get_arguments().filter_map(|switch| match switch.get_short() {
                Some(short) => Some(format!("-{short}")),
                None => switch.get_long().map(|long| format!("--{long}")),
            });
            let name = command.get_name();
            known.extend(switches.chain([String::new()]).map(|word| (name.to_owned(), word)));
        }
        assert_eq!(told, known);
        for format in publish::formats() {
            assert!(page.contains(format.name), "{}", format.name);
        }
        for switch in ["--json", "`-q`", "`-v`", "--color", "--progress"] {
            assert!(page.contains(switch), "{switch}");
        }
    }

    #[test]
    fn no_work_at_all_is_a_usage_error() {
        assert!(Cli::try_parse_from(["recount", "sync", "a", "--jobs", "0"]).is_err());
    }
}
