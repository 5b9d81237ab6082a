//! Reads the stream in which ffmpeg hands over samples or pictures with their time stamps.
//!
//! In: bytes of a NUT stream (version 3) with one track of 32-bit floating-point samples, or of
//! grey pictures, in pieces of any size. Out: packets, each with the time stamp of its first
//! sample or of its picture. NUT is the one container of ffmpeg's that can be written to a pipe,
//! costs some four bytes a packet and counts time in samples (or as the file counts that of its
//! pictures), so that nothing is rounded. The writer is our own child, but a child that has
//! just read a hostile file: every number is checked and no packet may exceed `PACKET_BYTES_MAX`.

use std::ops::Range;

const FILE_ID: &[u8; 25] = b"nut/multimedia container\0";
const MAIN: u64 = 0x4E4D_7A56_1F5F_04AD;
const STREAM: u64 = 0x4E53_1140_5BF2_F9DB;
const SYNCPOINT: u64 = 0x4E4B_E4AD_EECA_4569;

/// A packet is one resampled codec frame, at most some thousand samples of eight channels;
/// uncompressed formats give a second at most.
const PACKET_BYTES_MAX: usize = 64 << 20;

/// Bytes by which a packet that was begun is first completed: most are shorter.
const COMPLETED_BYTES: usize = 4096;

mod flag {
    pub(super) const CODED_PTS: u64 = 8;
    pub(super) const STREAM_ID: u64 = 16;
    pub(super) const SIZE_MSB: u64 = 32;
    pub(super) const CHECKSUM: u64 = 64;
    pub(super) const RESERVED: u64 = 128;
    pub(super) const SM_DATA: u64 = 256;
    pub(super) const HEADER_IDX: u64 = 1024;
    pub(super) const MATCH_TIME: u64 = 2048;
    pub(super) const CODED: u64 = 4096;
    pub(super) const INVALID: u64 = 8192;
}

/// The child sent something that is not the agreed stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Garbled(pub(crate) &'static str);

/// What the stream's headers say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Format {
    /// Little-endian 32-bit floating point; time is counted in samples.
    Sound { rate_hz: u32, channels: u32 },
    /// A byte of grey a pixel; time is counted in `num / den` seconds.
    Pictures { num: u32, den: u32, pixels: u64 },
}

/// Takes one packet.
pub(crate) type Packet<'a> = dyn FnMut(Format, i64, &[u8]) + 'a;

/// A streaming parser. Feed it with [`push`](Self::push).
#[derive(Default)]
pub(crate) struct Reader {
    pending: Vec<u8>,
    seen_file_id: bool,
    time_bases: Vec<(u64, u64)>,
    codes: Vec<FrameCode>,
    elided: Vec<Vec<u8>>,
    track: Option<Track>,
}

struct Track {
    format: Format,
    time_base: (u64, u64),
    msb_pts_shift: u32,
    last_pts: i64,
}

#[derive(Clone, Copy)]
struct FrameCode {
    flags: u64,
    stream: u64,
    size_mul: u64,
    size_lsb: u64,
    pts_delta: i64,
    reserved: u64,
    header: u64,
}

/// Either a part of the stream of known length, or not enough bytes yet.
enum Step {
    Used(usize),
    Wait,
}

impl Reader {
    /// What the headers said, once they have been read.
    pub(crate) fn format(&self) -> Option<Format> {
        self.track.as_ref().map(|track| track.format)
    }

    /// Takes the next bytes and calls `packet` for each packet they complete, with the format, the
    /// time stamp and the bytes of the samples (channels interleaved) or of the picture.
    pub(crate) fn push(&mut self, bytes: &[u8], packet: &mut Packet<'_>) -> Result<(), Garbled> {
        let mut rest = bytes;
        // What was begun is completed in a place of its own; the others are read where they are.
        let mut begun = std::mem::take(&mut self.pending);
        while !begun.is_empty() && !rest.is_empty() {
            let before = begun.len();
            let (now, later) = rest.split_at(rest.len().min(COMPLETED_BYTES.max(before)));
            begun.extend_from_slice(now);
            let used = self.steps(&begun, before, packet)?;
            if used >= before {
                rest = &rest[used - before..];
                begun.clear();
            } else {
                rest = later;
                begun.drain(..used);
            }
        }
        let used = self.steps(rest, rest.len(), packet)?;
        begun.extend_from_slice(&rest[used..]);
        if begun.len() > PACKET_BYTES_MAX {
            return Err(Garbled("a packet without end"));
        }
        self.pending = begun;
        Ok(())
    }

    /// Reads what is whole of the bytes and begins before `until`; returns how many that are.
    fn steps(
        &mut self,
        bytes: &[u8],
        until: usize,
        packet: &mut Packet<'_>,
    ) -> Result<usize, Garbled> {
        let mut at = 0;
        while at < until {
            match self.step(&bytes[at..], packet)? {
                Step::Used(used) => at += used,
                Step::Wait => break,
            }
        }
        Ok(at)
    }

    fn step(&mut self, bytes: &[u8], packet: &mut Packet<'_>) -> Result<Step, Garbled> {
        if !self.seen_file_id {
            if bytes.len() < FILE_ID.len() {
                return Ok(Step::Wait);
            }
            if !bytes.starts_with(FILE_ID) {
                return Err(Garbled("no file mark"));
            }
            self.seen_file_id = true;
            return Ok(Step::Used(FILE_ID.len()));
        }
        if bytes[0] == b'N' { self.header(bytes) } else { self.frame(bytes, packet) }
    }

    /// A packet that begins with a start code: main header, stream header, syncpoint or other.
    fn header(&mut self, bytes: &[u8]) -> Result<Step, Garbled> {
        let mut cursor = Cursor { bytes, at: 0 };
        let Some(code) = cursor.be(8) else { return Ok(Step::Wait) };
        let Some(length) = cursor.v()? else { return Ok(Step::Wait) };
        let length = usize::try_from(length).map_err(|_| Garbled("a header too long"))?;
        if length > 4096 && cursor.be(4).is_none() {
            return Ok(Step::Wait);
        }
        if !(4..=PACKET_BYTES_MAX).contains(&length) {
            return Err(Garbled("a header of impossible length"));
        }
        let body = cursor.at..cursor.at + length - 4;
        if bytes.len() < body.end + 4 {
            return Ok(Step::Wait);
        }
        let mut inside = Cursor { bytes: &bytes[body.clone()], at: 0 };
        let read = match code {
            MAIN => self.main_header(&mut inside),
            STREAM => self.stream_header(&mut inside),
            SYNCPOINT => self.syncpoint(&mut inside),
            _ => Ok(Some(())),
        };
        read?.ok_or(Garbled("a header that breaks off"))?;
        Ok(Step::Used(body.end + 4))
    }

    fn main_header(&mut self, c: &mut Cursor<'_>) -> Result<Option<()>, Garbled> {
        // The writer repeats its headers; the first stands.
        if !self.codes.is_empty() {
            return Ok(Some(()));
        }
        let Some(version) = c.v()? else { return Ok(None) };
        if version != 3 {
            return Err(Garbled("another version of NUT"));
        }
        let (Some(streams), Some(_max_distance)) = (c.v()?, c.v()?) else { return Ok(None) };
        if streams != 1 {
            return Err(Garbled("more than one track"));
        }
        let Some(count) = c.v()? else { return Ok(None) };
        for _ in 0..count.min(16) {
            let (Some(num), Some(den)) = (c.v()?, c.v()?) else { return Ok(None) };
            self.time_bases.push((num, den));
        }
        if self.frame_codes(c)?.is_none() {
            return Ok(None);
        }
        let Some(elided) = c.v()? else { return Ok(None) };
        self.elided.push(Vec::new());
        for _ in 0..elided.min(127) {
            let Some(length) = c.v()? else { return Ok(None) };
            let Some(range) = c.take(length) else { return Ok(None) };
            self.elided.push(c.bytes[range].to_vec());
        }
        Ok(Some(()))
    }

    /// The table from the first byte of a frame to what it leaves unsaid, run-length coded.
    fn frame_codes(&mut self, c: &mut Cursor<'_>) -> Result<Option<()>, Garbled> {
        let (mut pts_delta, mut size_mul, mut stream, mut header) = (0, 1, 0, 0);
        while self.codes.len() < 256 {
            let (Some(flags), Some(fields)) = (c.v()?, c.v()?) else { return Ok(None) };
            let mut next = |wanted: u64| if fields > wanted { c.v() } else { Ok(Some(u64::MAX)) };
            let (Some(a), Some(b), Some(d)) = (next(0)?, next(1)?, next(2)?) else {
                return Ok(None);
            };
            let (Some(lsb), Some(reserved), Some(count)) = (next(3)?, next(4)?, next(5)?) else {
                return Ok(None);
            };
            let (Some(_match_time), Some(head)) = (next(6)?, next(7)?) else { return Ok(None) };
            for extra in 8..fields.min(64) {
                if next(extra)?.is_none() {
                    return Ok(None);
                }
            }
            if fields > 0 {
                pts_delta = signed(a);
            }
            if fields > 1 {
                size_mul = b;
            }
            if fields > 2 {
                stream = d;
            }
            if fields > 7 {
                header = head;
            }
            let lsb = if fields > 3 { lsb } else { 0 };
            let reserved = if fields > 4 { reserved } else { 0 };
            let count = if fields > 5 { count } else { size_mul.saturating_sub(lsb) };
            if count == 0 {
                return Err(Garbled("an empty run of frame codes"));
            }
            let code =
                FrameCode { flags, stream, size_mul, size_lsb: lsb, pts_delta, reserved, header };
            let mut run = 0;
            while run < count && self.codes.len() < 256 {
                if self.codes.len() == usize::from(b'N') {
                    self.codes.push(FrameCode { flags: flag::INVALID, ..code });
                } else {
                    self.codes.push(FrameCode { size_lsb: lsb.saturating_add(run), ..code });
                    run += 1;
                }
            }
        }
        Ok(Some(()))
    }

    fn stream_header(&mut self, c: &mut Cursor<'_>) -> Result<Option<()>, Garbled> {
        if self.track.is_some() {
            return Ok(Some(()));
        }
        let (Some(_id), Some(class)) = (c.v()?, c.v()?) else { return Ok(None) };
        let Some(tag_length) = c.v()? else { return Ok(None) };
        let Some(tag) = c.take(tag_length) else { return Ok(None) };
        let tag = &c.bytes[tag];
        let (Some(time_base), Some(shift)) = (c.v()?, c.v()?) else { return Ok(None) };
        let (Some(_max_pts), Some(_delay), Some(_flags)) = (c.v()?, c.v()?, c.v()?) else {
            return Ok(None);
        };
        let Some(private) = c.v()? else { return Ok(None) };
        if c.take(private).is_none() {
            return Ok(None);
        }
        // Rate, its denominator and channels; or width, height and the width of a pixel.
        let (Some(first), Some(second), Some(third)) = (c.v()?, c.v()?, c.v()?) else {
            return Ok(None);
        };
        let time_base = usize::try_from(time_base).ok().and_then(|i| self.time_bases.get(i));
        let Some(&time_base) = time_base else { return Err(Garbled("an unknown time base")) };
        let format = match (class, tag) {
            (SOUND, SAMPLES) => sound(time_base, first, second, third),
            (PICTURES, GREY) => pictures(time_base, first, second),
            _ => return Err(Garbled("a track of another kind")),
        };
        let format = format.filter(|_| shift <= 32);
        let format = format.ok_or(Garbled("a track of impossible format"))?;
        self.track = Some(Track { format, time_base, msb_pts_shift: shift as u32, last_pts: 0 });
        Ok(Some(()))
    }

    /// Says the present time again, in the time base that it names.
    fn syncpoint(&mut self, c: &mut Cursor<'_>) -> Result<Option<()>, Garbled> {
        let (Some(coded), Some(_back)) = (c.v()?, c.v()?) else { return Ok(None) };
        let bases = self.time_bases.len() as u64;
        let Some(track) = &mut self.track else { return Err(Garbled("no track before time")) };
        let (num, den) = self.time_bases[(coded % bases) as usize];
        let scaled = u128::from(coded / bases) * u128::from(num) * u128::from(track.time_base.1);
        let pts = scaled / (u128::from(den).max(1) * u128::from(track.time_base.0).max(1));
        track.last_pts = i64::try_from(pts).map_err(|_| Garbled("an impossible time"))?;
        Ok(Some(()))
    }

    fn frame(&mut self, bytes: &[u8], packet: &mut Packet<'_>) -> Result<Step, Garbled> {
        let Some(track) = &mut self.track else { return Err(Garbled("a frame before any track")) };
        let Some(code) = self.codes.get(usize::from(bytes[0])) else {
            return Err(Garbled("a frame before the main header"));
        };
        let mut c = Cursor { bytes, at: 1 };
        let Some(frame) = FrameHead::read(code, track, &mut c)? else { return Ok(Step::Wait) };
        let elided = usize::try_from(frame.header).ok().and_then(|i| self.elided.get(i));
        let Some(elided) = elided else { return Err(Garbled("an unknown elided header")) };
        let Some(stored) = frame.size_bytes.checked_sub(elided.len()) else {
            return Err(Garbled("a frame shorter than its head"));
        };
        let body = c.at..c.at + stored;
        if bytes.len() < body.end {
            return Ok(Step::Wait);
        }
        track.last_pts = frame.pts;
        if elided.is_empty() {
            packet(track.format, frame.pts, &bytes[body.clone()]);
        } else {
            let whole = [elided.as_slice(), &bytes[body.clone()]].concat();
            packet(track.format, frame.pts, &whole);
        }
        Ok(Step::Used(body.end))
    }
}

/// Classes of tracks.
const PICTURES: u64 = 0;
const SOUND: u64 = 1;

/// ffmpeg's marks for little-endian 32-bit floating point, and for a byte of grey a pixel.
const SAMPLES: &[u8] = b"PFD ";
const GREY: &[u8] = b"Y800";

fn sound(time_base: (u64, u64), rate: u64, rate_den: u64, channels: u64) -> Option<Format> {
    let fits = rate_den == 1 && time_base == (1, rate) && (1..=64).contains(&channels);
    let rate_hz = u32::try_from(rate).ok()?;
    fits.then_some(Format::Sound { rate_hz, channels: channels as u32 })
}

fn pictures(time_base: (u64, u64), width: u64, height: u64) -> Option<Format> {
    let (num, den) = (u32::try_from(time_base.0).ok()?, u32::try_from(time_base.1).ok()?);
    let pixels = width.checked_mul(height)?;
    (num > 0 && den > 0 && pixels > 0).then_some(Format::Pictures { num, den, pixels })
}

struct FrameHead {
    pts: i64,
    size_bytes: usize,
    header: u64,
}

impl FrameHead {
    fn read(code: &FrameCode, track: &Track, c: &mut Cursor<'_>) -> Result<Option<Self>, Garbled> {
        let mut flags = code.flags;
        if flags & flag::INVALID != 0 {
            return Err(Garbled("an invalid frame"));
        }
        /// The next number if the flag says that it is there.
        macro_rules! optional {
            ($flag:expr, $otherwise:expr) => {
                if flags & $flag == 0 {
                    $otherwise
                } else {
                    let Some(value) = c.v()? else { return Ok(None) };
                    value
                }
            };
        }
        flags ^= optional!(flag::CODED, 0);
        let stream = optional!(flag::STREAM_ID, code.stream);
        if stream != 0 || flags & flag::SM_DATA != 0 {
            return Err(Garbled("a frame of another track"));
        }
        let no_pts = u64::MAX;
        let coded_pts = optional!(flag::CODED_PTS, no_pts);
        let pts = if coded_pts == no_pts {
            track.last_pts.wrapping_add(code.pts_delta)
        } else {
            full_pts(coded_pts, track)
        };
        let msb = optional!(flag::SIZE_MSB, 0);
        let size = msb.checked_mul(code.size_mul).and_then(|msb| msb.checked_add(code.size_lsb));
        optional!(flag::MATCH_TIME, 0);
        let header = optional!(flag::HEADER_IDX, code.header);
        let reserved = optional!(flag::RESERVED, code.reserved);
        for _ in 0..reserved.min(16) {
            if c.v()?.is_none() {
                return Ok(None);
            }
        }
        if flags & flag::CHECKSUM != 0 && c.be(4).is_none() {
            return Ok(None);
        }
        let size_bytes = size.and_then(|s| usize::try_from(s).ok());
        let size_bytes = size_bytes.filter(|s| *s <= PACKET_BYTES_MAX);
        let size_bytes = size_bytes.ok_or(Garbled("a frame of impossible size"))?;
        // The format's own rule: long frames have nothing elided.
        let header = if size_bytes > 4096 { 0 } else { header };
        Ok(Some(Self { pts, size_bytes, header }))
    }
}

/// The time stamp from its low bits, near the one before; or, above the limit, as it is.
fn full_pts(coded: u64, track: &Track) -> i64 {
    let limit = 1i64 << track.msb_pts_shift;
    let coded = coded as i64;
    if coded < limit {
        let mask = limit - 1;
        let delta = track.last_pts.wrapping_sub(mask / 2);
        (coded.wrapping_sub(delta) & mask).wrapping_add(delta)
    } else {
        coded.wrapping_sub(limit)
    }
}

/// A number from NUT's signed form: 0, 1, −1, 2, −2, …
fn signed(v: u64) -> i64 {
    let v = v as i64;
    if v & 1 == 1 { (v >> 1) + 1 } else { -(v >> 1) }
}

struct Cursor<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl Cursor<'_> {
    /// A number of seven bits a byte, most significant first; `None` when more bytes are needed.
    fn v(&mut self) -> Result<Option<u64>, Garbled> {
        let mut value = 0u64;
        for used in 0..10 {
            let Some(byte) = self.bytes.get(self.at + used) else { return Ok(None) };
            value = value << 7 | u64::from(byte & 0x7f);
            if byte & 0x80 == 0 {
                self.at += used + 1;
                return Ok(Some(value));
            }
        }
        Err(Garbled("a number too long"))
    }

    /// A big-endian number of `width` bytes.
    fn be(&mut self, width: usize) -> Option<u64> {
        let bytes = self.bytes.get(self.at..self.at + width)?;
        self.at += width;
        Some(bytes.iter().fold(0, |value, byte| value << 8 | u64::from(*byte)))
    }

    fn take(&mut self, length: u64) -> Option<Range<usize>> {
        let end = self.at.checked_add(usize::try_from(length).ok()?)?;
        let range = self.at..end;
        self.bytes.get(range.clone())?;
        self.at = end;
        Some(range)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::process::Command;

    /// A second of sound with a gap, as the real ffmpeg writes it.
    fn written() -> Vec<u8> {
        let arguments = "-v error -nostdin -f lavfi -i sine=400:r=8000:d=2 -af \
             asetnsamples=n=160:p=0,aselect=not(between(n\\,20\\,49)),aformat=channel_layouts=stereo \
             -c:a pcm_f32le -avoid_negative_ts disabled -output_ts_offset 1000 -f nut -";
        let made = Command::new("ffmpeg").args(arguments.split_whitespace()).output();
        made.expect("these tests need ffmpeg on PATH").stdout
    }

    fn packets(bytes: &[u8], piece: usize) -> Result<Vec<(i64, usize)>, Garbled> {
        let mut reader = Reader::default();
        let mut found = Vec::new();
        for piece in bytes.chunks(piece) {
            reader.push(piece, &mut |format, pts, bytes| {
                let Format::Sound { channels, .. } = format else { return };
                found.push((pts, bytes.len() / 4 / channels as usize));
            })?;
        }
        Ok(found)
    }

    #[test]
    fn every_packet_arrives_with_its_time_in_pieces_of_any_size() {
        let bytes = written();
        let expected: Vec<(i64, usize)> = (0..100)
            .filter(|n| !(20..50).contains(n))
            .map(|n| (8_000_000 + n * 160, 160))
            .collect();
        for piece in [1, 7, 1000, bytes.len()] {
            assert_eq!(packets(&bytes, piece).unwrap(), expected);
        }
    }

    proptest! {
        #[test]
        fn damaged_streams_end_in_an_error_or_in_packets_never_in_a_panic(
            damage in prop::collection::vec((0usize..2000, any::<u8>()), 1..20),
        ) {
            static WRITTEN: std::sync::LazyLock<Vec<u8>> = std::sync::LazyLock::new(written);
            let mut bytes = WRITTEN.clone();
            for (at, byte) in damage {
                bytes[at] = byte;
            }
            let _ = packets(&bytes, 512);
        }

        #[test]
        fn bytes_that_are_no_stream_are_refused_without_panic(bytes: Vec<u8>) {
            let stream = [FILE_ID.as_slice(), &bytes].concat();
            let _ = packets(&stream, 64);
        }
    }
}
