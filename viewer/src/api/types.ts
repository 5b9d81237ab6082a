// Written by the server from its own types; not to be edited.
// `UPDATE_TYPES=1 cargo test -p recount the_pages_types` writes it anew.

export type CaseView = { 
/**
 * Another number: something has changed.
 */
revision: number, 
/**
 * Name of the case.
 */
title: string, 
/**
 * Program and version.
 */
tool: string, 
/**
 * The clocks.
 */
islands: Array<IslandView>, 
/**
 * Every source that has time, in the order of their names.
 */
recordings: Array<RecordingView>, 
/**
 * Every other source.
 */
documents: Array<DocumentView>, 
/**
 * What was copied out of what.
 */
excerpts: Array<ExcerptView>, 
/**
 * What persons noted at moments.
 */
markers: Array<Marker>, 
/**
 * Where persons placed recordings.
 */
words: Array<WordView>, 
/**
 * Whose voices persons know, in the order in which it was said.
 */
named: Array<NamedView>, 
/**
 * What was corrected or confirmed last of what is said, for taking it back.
 */
corrected?: CorrectedView, 
/**
 * Whether everything is veiled of which nothing else was said.
 */
veil_all: boolean, 
/**
 * Work that goes on beside the page, and what became of the last.
 */
jobs: Array<Job>, };

export type IslandView = { 
/**
 * Its number.
 */
number: number, 
/**
 * Recordings on it.
 */
recordings: number, 
/**
 * Case time of the first moment of any.
 */
start: number, 
/**
 * Case time of the last.
 */
end: number, 
/**
 * True time, where it is known: `utc = offset + case · (1 + rate_ppm / 1e6)`, seconds after 1970.
 */
utc?: UtcView, };

export type UtcView = { 
/**
 * Seconds after 1970 at case time zero.
 */
offset: number, 
/**
 * By how much the clock of the case runs slow.
 */
rate_ppm: number, 
/**
 * One standard deviation, seconds.
 */
sigma: number, };

export type RecordingView = { 
/**
 * Its SHA-256.
 */
id: string, 
/**
 * What lists call it; no two are equal.
 */
name: string, 
/**
 * Where it lies.
 */
path: string, 
/**
 * Bytes.
 */
size: number, 
/**
 * Seconds.
 */
duration: number, 
/**
 * What made it, as its file says.
 */
device: string | null, 
/**
 * What kind of device that is.
 */
kind: Kind, 
/**
 * Its pictures.
 */
video: VideoView | null, 
/**
 * Its sound.
 */
audio: AudioView | null, 
/**
 * What a browser may be given.
 */
plays: Plays, 
/**
 * Whether there is a copy that every browser plays.
 */
proxy: ProxyState, 
/**
 * How far the making of it is, 0 to 1.
 */
proxy_progress: number | null, 
/**
 * Where sound really was recorded, media time.
 */
sound: Array<Span>, 
/**
 * Where it lies; empty: on no clock.
 */
pieces: Array<PieceView>, 
/**
 * Which clock it is on.
 */
island: number | null, 
/**
 * What its place rests on.
 */
by: By | null, 
/**
 * Why it is on no clock.
 */
refusal: string | null, 
/**
 * Whether its sound can be had as a picture.
 */
peaks: boolean, 
/**
 * Its thumbnails, once they are made.
 */
thumbs: ThumbsView | null, 
/**
 * Whether it is to be veiled.
 */
veiled: boolean, 
/**
 * What its own clock showed, as far as that was written down.
 */
clock?: ClockView, };

export type ClockView = { 
/**
 * What it showed at media time zero, as its face read: seconds after 1970 on that face, or
 * after midnight where it told no day.
 */
zero: number, 
/**
 * How it is to be read.
 */
face: Face, 
/**
 * Where that is written, in words.
 */
written: string, 
/**
 * What its last digit is worth, or its doubt, if that is more; seconds.
 */
resolution: number, 
/**
 * Nobody knows whether the file's beginning or its end was written down; here it is taken for
 * the beginning.
 */
open: boolean, };

export type Face = "utc" | "local" | "day";

export type Kind = "camera" | "phone" | "sound" | "radio" | "body" | "other";

export type VideoView = { 
/**
 * Pixels across, before rotation.
 */
width: number, 
/**
 * Pixels down, before rotation.
 */
height: number, 
/**
 * As ffmpeg calls it.
 */
codec: string, 
/**
 * Nominal frames a second: a label, never a clock.
 */
fps: number | null, 
/**
 * Degrees clockwise by which it is to be turned.
 */
rotation: number, };

export type AudioView = { 
/**
 * As ffmpeg calls it.
 */
codec: string, 
/**
 * Of the first track.
 */
channels: number, };

export type Plays = "direct" | "proxy" | "no";

export type ProxyState = "none" | "making" | "ready" | "failed";

export type By = "sound" | "light" | "hand" | "clock";

export type Span = { 
/**
 * First moment.
 */
start: number, 
/**
 * Moment after the last.
 */
end: number, };

export type PieceView = { 
/**
 * Media time.
 */
start: number, 
/**
 * Media time.
 */
end: number, 
/**
 * Case time of media time zero.
 */
offset: number, 
/**
 * By how much its clock ran slow.
 */
drift_ppm: number, 
/**
 * One standard deviation of the case time, seconds.
 */
sigma: number, };

export type ThumbsView = { 
/**
 * Seconds from one to the next.
 */
every: number, 
/**
 * Pixels across of one.
 */
width: number, 
/**
 * Pixels down.
 */
height: number, 
/**
 * How many there are.
 */
count: number, };

export type DocumentView = { 
/**
 * Its SHA-256.
 */
id: string, 
/**
 * Its file's name.
 */
name: string, 
/**
 * Bytes.
 */
size: number, };

export type ExcerptView = { 
/**
 * The recording that holds the copy.
 */
copy: string, 
/**
 * Media time of the copy.
 */
start: number, 
/**
 * Media time of the copy.
 */
end: number, 
/**
 * The recording it was copied from.
 */
source: string, 
/**
 * Media time of that one.
 */
source_start: number, 
/**
 * Seconds of the source in one second of the copy.
 */
speed: number, 
/**
 * What tells which is the copy.
 */
reason: string, };

export type Marker = { 
/**
 * For changing and removing it.
 */
id: string, 
/**
 * When.
 */
at: At, 
/**
 * What.
 */
note: string, 
/**
 * Who wrote it; empty where it was written by hand into the file.
 */
by: string, 
/**
 * When it was written, RFC 3339; empty likewise.
 */
at_utc: string, };

export type At = { 
/**
 * Case time.
 */
case: number, 
/**
 * Which.
 */
island: number, } | { 
/**
 * Which.
 */
source: string, 
/**
 * Media time.
 */
media: number, };

export type WordView = { 
/**
 * For taking it back.
 */
id: number, 
/**
 * The recording.
 */
source: string, 
/**
 * The recording it was placed by.
 */
other: string, 
/**
 * In words.
 */
said: string, 
/**
 * By whom.
 */
actor: string, 
/**
 * When, RFC 3339.
 */
at_utc: string, 
/**
 * Whether nothing else may move it.
 */
locked: boolean, };

export type NamedView = { 
/**
 * For taking it back.
 */
id: number, 
/**
 * Who it is.
 */
person: string, 
/**
 * Recording, moment and name.
 */
said: string, 
/**
 * By whom.
 */
actor: string, 
/**
 * When, RFC 3339.
 */
at_utc: string, 
/**
 * Whether of one utterance alone.
 */
only: boolean, };

export type CorrectedView = { 
/**
 * For taking it back.
 */
id: number, 
/**
 * What is said; as it was, if that was confirmed.
 */
text: string, 
/**
 * Recording, moment, and what it was before.
 */
said: string, 
/**
 * By whom.
 */
actor: string, };

export type Job = { 
/**
 * Its number, for stopping it.
 */
id: number, 
/**
 * What it does, for a person.
 */
what: string, 
/**
 * How much is done, in `unit`s.
 */
done: number, 
/**
 * Of how much; 0 while that is not known.
 */
total: number, 
/**
 * What is counted.
 */
unit: string, 
/**
 * Seconds left, at the pace so far.
 */
left_s: number | null, 
/**
 * Whether it goes on.
 */
state: JobState, 
/**
 * What there is to say of it: how it ended, what it waits for.
 */
said: string | null, };

export type JobState = "running" | "done" | "failed" | "stopped";

export type Why = { 
/**
 * Its name.
 */
file: string, 
/**
 * Its hash.
 */
sha256: string, 
/**
 * Its length in seconds.
 */
duration: number, 
/**
 * On which clock it is, if on any.
 */
island: number | null, 
/**
 * Why it is on none.
 */
refusal?: string, 
/**
 * `hand` or `clock`, where its place rests on neither sound nor light.
 */
placed_by?: string, 
/**
 * When it began in UTC, if the island is anchored.
 */
utc?: UtcWhy, 
/**
 * Where it lies.
 */
pieces: Array<PieceWhy>, 
/**
 * Jumps between the pieces.
 */
steps: Array<Step>, 
/**
 * What was heard in common with whom; those in use first, the strongest first.
 */
ties: Array<TieWhy>, 
/**
 * Stretches of it that were copied from another recording.
 */
copied: Array<Copied>, 
/**
 * Ties whose loss would split its island.
 */
bridges: Array<NamedBridge>, 
/**
 * Places where it would fit, if it is on no clock.
 */
alternatives: Array<Alternative>, };

export type UtcWhy = { 
/**
 * RFC 3339, with as many digits as the doubt bears.
 */
begins: string, 
/**
 * One standard deviation.
 */
sigma: number, 
/**
 * What persons said of UTC on this island.
 */
said: Array<string>, };

export type PieceWhy = { 
/**
 * Media time.
 */
start: number, 
/**
 * Media time.
 */
end: number, 
/**
 * Case time of its first moment.
 */
case_start: number, 
/**
 * Case time of its end.
 */
case_end: number, 
/**
 * Case time of media time zero.
 */
offset: number, 
/**
 * By how much its clock ran slow.
 */
drift_ppm: number, 
/**
 * One standard deviation.
 */
sigma: number, 
/**
 * Its parts, which add up as squares do; none where they were not told apart.
 */
sigma_parts: SigmaParts | null, };

export type SigmaParts = { 
/**
 * What the recording's own windows leave open, drift included.
 */
own: number, 
/**
 * What the ties of the island leave open by contradicting one another.
 */
contradiction: number, 
/**
 * What no measurement goes below: sound travels.
 */
floor: number, };

export type Step = { 
/**
 * Media time.
 */
at: number, 
/**
 * Case time after it.
 */
case: number, 
/**
 * How much case time the file does not hold there.
 */
missing: number, };

export type TieWhy = { 
/**
 * The other recording.
 */
with: string, 
/**
 * Its hash.
 */
with_sha256: string, 
/**
 * What the tie rests on: `sound`, `light`, `hand`, `clock`.
 */
kind: string, 
/**
 * Whether the solution rests on it.
 */
accepted: boolean, 
/**
 * Whether it is only what came nearest, which nobody looked at closely.
 */
near_miss: boolean, 
/**
 * Standard deviations above what strangers show.
 */
strength: number, 
/**
 * The stretch of this recording, media time.
 */
start: number, 
/**
 * Its end.
 */
end: number, 
/**
 * When this recording began, seconds after the other began.
 */
lag: number, 
/**
 * By how much this recording's clock is slower than the other's.
 */
drift_ppm: number, 
/**
 * Windows that agree.
 */
windows_agree: number, 
/**
 * Windows with sound in both that do not.
 */
windows_disagree: number, 
/**
 * By how much the tie alone would move this recording later.
 */
residual: number | null, 
/**
 * Standard deviation of the agreeing windows' residuals about their mean.
 */
residual_spread: number | null, 
/**
 * By how much one of the two can have heard a sound before the other, at most: as long as sound
 * needs from where a person says the one stood to where the other did.
 */
sooner?: number, 
/**
 * The best lag elsewhere.
 */
runner_up: RunnerUpWhy | null, 
/**
 * What each window said.
 */
windows: Array<WindowWhy>, };

export type RunnerUpWhy = { 
/**
 * As [`TieWhy::lag`].
 */
lag: number, 
/**
 * Its strength beside the winner's, 0 to 1.
 */
share: number, 
/**
 * Whether another tie of the same two holds at just that lag, in another piece: the other
 * side of a pause, and no rival.
 */
is_other_piece: boolean, };

export type WindowWhy = { 
/**
 * Its middle, media time of this recording.
 */
at: number, 
/**
 * The same on the clock of the island.
 */
case: number | null, 
/**
 * What it says minus the solution.
 */
residual: number | null, 
/**
 * Whether it agrees with the tie beyond chance.
 */
agrees: boolean, };

export type Copied = { 
/**
 * Media time.
 */
start: number, 
/**
 * Media time.
 */
end: number, 
/**
 * Out of which.
 */
source: string, 
/**
 * Media time of that one.
 */
source_start: number, };

export type NamedBridge = { 
/**
 * One end.
 */
left: string, 
/**
 * The other.
 */
right: string, 
/**
 * Who would be parted from the rest.
 */
lost: Array<string>, 
/**
 * Whether this recording is one of its ends or one of the lost.
 */
concerns_file: boolean, };

export type Alternative = { 
/**
 * The recording it would lie beside.
 */
with: string, 
/**
 * When it would have begun, seconds after that one began.
 */
lag: number, 
/**
 * The clock of that one, if it is on any.
 */
island: number | null, 
/**
 * When it would have begun on that clock.
 */
case: number | null, 
/**
 * How strongly that is borne out beside the best, 0 to 1.
 */
share: number | null, 
/**
 * Standard deviations above what strangers show, where a single tie says so.
 */
strength: number | null, };

export type SaidView = { 
/**
 * In order; those that reach into the stretch.
 */
utterances: Array<UtteranceView>, 
/**
 * How many there are on the clock in all.
 */
count: number, 
/**
 * Number of the first of these among them, from 0.
 */
first: number, };

export type UtteranceView = { 
/**
 * Case time.
 */
start: number, 
/**
 * Case time.
 */
end: number, 
/**
 * The recording that understood it best.
 */
best: string, 
/**
 * The others that wrote some of it down.
 */
witnesses: string[], 
/**
 * Who speaks, where a person or a document says so.
 */
speaker?: string, 
/**
 * Which voice it is, as `recount voices` numbers them.
 */
voice?: number, 
/**
 * Whether a machine wrote it down.
 */
machine: boolean, 
/**
 * In order.
 */
words: Array<SpokenView>, };

export type SpokenView = { 
/**
 * As written.
 */
text: string, 
/**
 * Case time.
 */
start: number, 
/**
 * Case time.
 */
end: number, 
/**
 * How sure, 0 to 1.
 */
confidence: number, 
/**
 * The recording it was taken from, where that is not the best of the utterance.
 */
from?: string, 
/**
 * What others have in its place, where that is another word or none.
 */
others?: Array<OtherView>, };

export type OtherView = { 
/**
 * The recording.
 */
id: string, 
/**
 * Its word; nothing if it wrote none.
 */
text?: string, };

export type FoundView = { 
/**
 * The best first.
 */
hits: Array<HitView>, 
/**
 * Passages that hold what was asked for, at least.
 */
passages: number, 
/**
 * Whether there are no more.
 */
is_all: boolean, 
/**
 * Documents that could not be searched.
 */
unread: number, };

export type HitView = { 
/**
 * The recording or document.
 */
id: string, 
/**
 * What it is called.
 */
name: string, 
/**
 * Media time at which the first of the words begins; of a document nothing.
 */
start?: number, 
/**
 * The same on the clock of its island, where it is on one.
 */
case?: number, 
/**
 * Which clock.
 */
island?: number, 
/**
 * Page of a document, from 1.
 */
page?: number, 
/**
 * Who speaks; empty where nobody says.
 */
speaker: string, 
/**
 * Words before.
 */
before: string, 
/**
 * What was meant.
 */
quoted: string, 
/**
 * Words after.
 */
after: string, 
/**
 * What else holds the same words of the same moment.
 */
also: Array<string>, 
/**
 * As a citation for the account.
 */
citation: string, };

export type Placing = { 
/**
 * The recording that is placed.
 */
source: string, 
/**
 * A moment of it, media time.
 */
media: number, 
/**
 * The recording that it is placed by.
 */
other: string, 
/**
 * The same moment there, media time.
 */
other_media: number, 
/**
 * One standard deviation, seconds.
 */
sigma: number, 
/**
 * Whether nothing else may move it.
 */
lock: boolean, };

export type Naming = { 
/**
 * The recording in which somebody is heard.
 */
source: string, 
/**
 * A moment at which this voice speaks, media time.
 */
media: number, 
/**
 * Who it is.
 */
person: string, 
/**
 * Whether this is said of what is said there alone, and not of the voice wherever it is heard.
 */
only: boolean, };

export type Correcting = { 
/**
 * The recording that understood the utterance best.
 */
source: string, 
/**
 * When it begins there, media time.
 */
media: number, 
/**
 * What the person saw.
 */
before: string, 
/**
 * What is said; the same if that is right.
 */
text: string, };

export type Noting = { 
/**
 * When.
 */
at: At, 
/**
 * What.
 */
note: string, };

export type Veiling = { 
/**
 * The source; none: everything of which nothing else is said.
 */
id: string | null, 
/**
 * Whether it is to be veiled.
 */
veiled: boolean, };
