//! Which recordings one device made, as far as their claims tell.
//!
//! Make, model and serial number together name a device; a model alone names it only as long as
//! nothing shows that there were several of them. Without a model or a serial number each
//! recording stands by itself: a guess from the names of files would join strangers.

use std::collections::BTreeMap;

use evidence::ClaimKind;

use super::Recorded;

/// Recordings of one device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Device {
    /// What it is called: its make and model, or the name of its only file.
    pub name: String,
    /// By index, in the order given.
    pub recordings: Vec<usize>,
    /// Whether a serial number tells it from others of its model.
    pub has_serial: bool,
}

/// Longest name of a device, in characters.
const NAME_CHARS_MAX: usize = 60;

/// The devices, in the order of their first recordings.
pub(super) fn devices(recorded: &[Recorded]) -> Vec<Device> {
    let mut devices: Vec<Device> = Vec::new();
    let mut known: BTreeMap<[String; 3], usize> = BTreeMap::new();
    for (at, one) in recorded.iter().enumerate() {
        let claimed = |kind| claim(one, kind);
        let (make, model) = (claimed(ClaimKind::Make), claimed(ClaimKind::Model));
        let serial = claimed(ClaimKind::Serial).or_else(|| serial_in_name(one.name));
        let model = model.or_else(|| recorder(one));
        if model.is_none() && serial.is_none() {
            let (name, recordings) = (one.name.to_owned(), vec![at]);
            devices.push(Device { name, recordings, has_serial: false });
            continue;
        }
        let parts = [make, model, serial].map(Option::unwrap_or_default);
        let key = parts.clone().map(|part| part.to_lowercase());
        let next = devices.len();
        let index = *known.entry(key).or_insert(next);
        if index == next {
            let [make, model, serial] = &parts;
            // Some makers write their name into the model too.
            let make =
                if model.to_lowercase().starts_with(&make.to_lowercase()) { "" } else { make };
            let words = [make, model, serial].map(str::trim).into_iter().filter(|w| !w.is_empty());
            let name = words.collect::<Vec<_>>().join(" ").chars().take(NAME_CHARS_MAX).collect();
            let has_serial = !serial.is_empty();
            devices.push(Device { name, recordings: Vec::new(), has_serial });
        }
        devices[index].recordings.push(at);
    }
    devices
}

fn claim(one: &Recorded, kind: ClaimKind) -> Option<String> {
    let mut claims = one.recording.claims.iter().filter(|claim| claim.kind == kind);
    Some(claims.next()?.value.trim().to_owned()).filter(|value| !value.is_empty())
}

/// Whoever writes samples since midnight also says what it is, under a name that others use for
/// programs.
fn recorder(one: &Recorded) -> Option<String> {
    let claims = || one.recording.claims.iter();
    let is_bwf = claims().any(|claim| claim.kind == ClaimKind::TimeReference);
    let mut named = claims().filter(|claim| {
        claim.kind == ClaimKind::Software && claim.found_in.to_lowercase().ends_with("encoded_by")
    });
    let name = named.next().filter(|_| is_bwf)?.value.trim().to_owned();
    (!name.is_empty() && !name.starts_with("Lav")).then_some(name)
}

/// `Axon_Body_3_Video_2020-05-30_1746_X60A1234A.mp4`: body-worn cameras of this maker end the
/// name with their number.
fn serial_in_name(name: &str) -> Option<String> {
    let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
    let is_number = |word: &&str| {
        word.len() == 9
            && word.starts_with(['X', 'x', 'D', 'd'])
            && word.bytes().skip(1).all(|byte| byte.is_ascii_hexdigit())
    };
    let is_axon = stem.to_ascii_lowercase().starts_with("axon");
    let mut words = stem.split(['_', ' ', '-']);
    words.find(|word| is_axon && is_number(word)).map(str::to_uppercase)
}

/// Two recordings of one device overlap by more than this only if there were two devices, or two
/// tracks of one take.
const OVERLAP_S_MAX: f64 = 5.0;

/// Whether these recordings cannot all be of one device: two of them ran at the same time, and are
/// not two tracks of one take.
pub(super) fn are_several(recorded: &[Recorded], of: &[usize]) -> bool {
    let span = |at: usize| {
        let placement = recorded[at].placement?;
        Some((placement.island, placement.case_start()?.seconds(), placement.case_end()?.seconds()))
    };
    let spans: Vec<_> = of.iter().filter_map(|&at| span(at)).collect();
    spans.iter().enumerate().any(|(nth, a)| {
        spans[nth + 1..].iter().any(|b| {
            let overlap_s = a.2.min(b.2) - a.1.max(b.1);
            let is_one_take = (a.1 - b.1).abs() < 1.0 && (a.2 - b.2).abs() < 1.0;
            a.0 == b.0 && overlap_s > OVERLAP_S_MAX && !is_one_take
        })
    })
}
