//! Looks whether a file may be the commonest small recording, an MPEG-4 file of one sound track,
//! before anything is started for it.
//!
//! In: the file. Out: the length that its index states, or nothing. This decodes nothing and is
//! believed in nothing: it chooses the shorter way only, and ffmpeg, which then opens the file,
//! must say the same. It reads box headers and fields of fixed size at fixed places; what does
//! not fit at once is "no".
//!
//! Needed because ffmpeg prints a length in hundredths of a second only, and because starting it
//! in vain for a file with pictures costs more than looking.

use std::fs::File;
use std::os::unix::fs::FileExt;

/// Boxes of one level that are looked at; ordinary files have ten.
const BOXES_MAX: usize = 64;

/// Longest box header: size, name, long size.
const HEADER_BYTES: u64 = 16;

/// A box of the file: its name and where its content lies.
#[derive(Clone, Copy)]
struct Part {
    name: [u8; 4],
    start: u64,
    end: u64,
}

/// The length that the index states, in microseconds, if the file seems to hold one sound track
/// and nothing else.
pub(crate) fn sound_alone_us(file: &File, size_bytes: u64) -> Option<i64> {
    let whole = Part { name: *b"file", start: 0, end: size_bytes };
    let top = parts(file, whole, Some(*b"moov"))?;
    if top.first()?.name != *b"ftyp" || top.last()?.name != *b"moov" {
        return None;
    }
    let index = parts(file, *top.last()?, None)?;
    // `mvex`: in fragments, whose length is elsewhere. `cmov`: compressed.
    if index.iter().any(|part| [*b"mvex", *b"cmov"].contains(&part.name)) {
        return None;
    }
    let track = parts(file, only(&index, *b"trak")?, None)?;
    let media = parts(file, only(&track, *b"mdia")?, None)?;
    let handler = only(&media, *b"hdlr")?;
    (bytes::<4>(file, handler, 8)? == *b"soun").then_some(())?;
    length_us(file, only(&index, *b"mvhd")?)
}

/// The boxes within another; up to and with the first named `until`, if that is given.
fn parts(file: &File, within: Part, until: Option<[u8; 4]>) -> Option<Vec<Part>> {
    let mut found = Vec::new();
    let mut at = within.start;
    while at + 8 <= within.end && found.len() < BOXES_MAX {
        let header = Part { start: at, end: within.end, ..within };
        let size = u64::from(u32::from_be_bytes(bytes(file, header, 0)?));
        let name = bytes(file, header, 4)?;
        let (length, skipped) = match size {
            0 => (within.end - at, 8),
            1 => (u64::from_be_bytes(bytes(file, header, 8)?), HEADER_BYTES),
            size => (size, 8),
        };
        let end = at.checked_add(length).filter(|end| *end <= within.end)?;
        let start = Some(at + skipped).filter(|start| *start <= end)?;
        found.push(Part { name, start, end });
        if until == Some(name) {
            break;
        }
        at = end;
    }
    Some(found)
}

/// The one part of that name.
fn only(parts: &[Part], name: [u8; 4]) -> Option<Part> {
    let mut named = parts.iter().filter(|part| part.name == name);
    named.next().filter(|_| named.next().is_none()).copied()
}

/// The movie header's length, rounded as ffmpeg rounds it.
fn length_us(file: &File, header: Part) -> Option<i64> {
    let (per_s, length) = match bytes::<1>(file, header, 0)? {
        [0] => {
            let length = u32::from_be_bytes(bytes(file, header, 16)?);
            (u32::from_be_bytes(bytes(file, header, 12)?), u64::from(length))
        }
        [1] => (
            u32::from_be_bytes(bytes(file, header, 20)?),
            u64::from_be_bytes(bytes(file, header, 24)?),
        ),
        _ => return None,
    };
    // Zero and "all ones" mean unknown.
    if per_s == 0 || length == 0 || length >= u64::from(u32::MAX) {
        return None;
    }
    let per_s = u128::from(per_s);
    i64::try_from((u128::from(length) * 1_000_000 + per_s / 2) / per_s).ok()
}

fn bytes<const N: usize>(file: &File, within: Part, offset: u64) -> Option<[u8; N]> {
    let at = within.start.checked_add(offset)?;
    let mut bytes = [0; N];
    (at.checked_add(N as u64)? <= within.end).then_some(())?;
    file.read_exact_at(&mut bytes, at).ok().map(|()| bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn boxed(name: [u8; 4], content: &[u8]) -> Vec<u8> {
        let size = (content.len() as u32 + 8).to_be_bytes();
        [&size, name.as_slice(), content].concat()
    }

    fn track(handler: [u8; 4]) -> Vec<u8> {
        let hdlr = boxed(*b"hdlr", &[&[0; 8], handler.as_slice(), &[0; 12]].concat());
        boxed(*b"trak", &boxed(*b"mdia", &hdlr))
    }

    /// A header of a movie of 2.5 s.
    fn header() -> Vec<u8> {
        let mut content = vec![0; 100];
        content[12..16].copy_from_slice(&600u32.to_be_bytes());
        content[16..20].copy_from_slice(&1500u32.to_be_bytes());
        boxed(*b"mvhd", &content)
    }

    fn movie(parts: &[Vec<u8>]) -> Vec<u8> {
        [boxed(*b"ftyp", b"M4A "), boxed(*b"mdat", &[7; 9]), boxed(*b"moov", &parts.concat())]
            .concat()
    }

    fn look(content: &[u8]) -> Option<i64> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a");
        std::fs::write(&path, content).unwrap();
        sound_alone_us(&File::open(path).unwrap(), content.len() as u64)
    }

    #[test]
    fn one_sound_track_is_seen_and_its_length() {
        assert_eq!(look(&movie(&[header(), track(*b"soun")])), Some(2_500_000));
    }

    #[test]
    fn pictures_a_second_track_fragments_and_a_second_header_are_left_to_the_longer_way() {
        let sound = || track(*b"soun");
        for parts in [
            vec![header(), track(*b"vide")],
            vec![header(), sound(), track(*b"vide")],
            vec![header(), sound(), sound()],
            vec![header(), sound(), boxed(*b"mvex", &[])],
            vec![header(), header(), sound()],
            vec![sound()],
            vec![header()],
        ] {
            assert_eq!(look(&movie(&parts)), None);
        }
    }

    proptest! {
        #[test]
        fn damage_is_survived(at in 0..300usize, byte: u8, cut in 0..300usize) {
            let mut content = movie(&[header(), track(*b"soun")]);
            let length = content.len();
            content[at % length] = byte;
            content.truncate(length - cut % length);
            look(&content);
        }
    }
}
