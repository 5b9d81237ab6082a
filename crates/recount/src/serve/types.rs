//! Writes the page's types from the server's: one source of truth, and a test that says when the
//! page's copy is stale.

use std::fs;
use std::path::PathBuf;

use publish::why;
use ts_rs::TS;

use super::jobs::{Job, State};
use super::kinds::Kind;
use super::notes::{Noting, Veiling};
use super::said::SaidView;
use super::search::{FoundView, HitView};
use super::view::{
    At, AudioView, By, CaseView, ClockView, CorrectedView, DocumentView, ExcerptView, Face,
    IslandView, Marker, NamedView, PieceView, Plays, ProxyState, RecordingView, Span, ThumbsView,
    UtcView, VideoView, WordView,
};
use super::writes::{Correcting, Naming, Placing};
use crate::report::said::{OtherView, SpokenView, UtteranceView};

const HEAD: &str = "\
// Written by the server from its own types; not to be edited.
// `UPDATE_TYPES=1 cargo test -p recount the_pages_types` writes it anew.
";

fn written() -> String {
    let types = [
        CaseView::decl(),
        IslandView::decl(),
        UtcView::decl(),
        RecordingView::decl(),
        ClockView::decl(),
        Face::decl(),
        Kind::decl(),
        VideoView::decl(),
        AudioView::decl(),
        Plays::decl(),
        ProxyState::decl(),
        By::decl(),
        Span::decl(),
        PieceView::decl(),
        ThumbsView::decl(),
        DocumentView::decl(),
        ExcerptView::decl(),
        Marker::decl(),
        At::decl(),
        WordView::decl(),
        NamedView::decl(),
        CorrectedView::decl(),
        Job::decl(),
        State::decl(),
        why::Why::decl(),
        why::UtcWhy::decl(),
        why::PieceWhy::decl(),
        why::SigmaParts::decl(),
        why::Step::decl(),
        why::TieWhy::decl(),
        why::RunnerUpWhy::decl(),
        why::WindowWhy::decl(),
        why::Copied::decl(),
        why::NamedBridge::decl(),
        why::Alternative::decl(),
        SaidView::decl(),
        UtteranceView::decl(),
        SpokenView::decl(),
        OtherView::decl(),
        FoundView::decl(),
        HitView::decl(),
        Placing::decl(),
        Naming::decl(),
        Correcting::decl(),
        Noting::decl(),
        Veiling::decl(),
    ];
    types.iter().fold(HEAD.to_owned(), |text, decl| format!("{text}\nexport {decl}\n"))
}

#[test]
fn the_pages_types_are_those_of_the_server() {
    let viewer = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../viewer");
    let file = viewer.join("src/api/types.ts");
    if std::env::var_os("UPDATE_TYPES").is_some() {
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(&file, written()).unwrap();
    }
    if viewer.is_dir() {
        let there = fs::read_to_string(&file).unwrap_or_default();
        assert_eq!(there, written(), "stale; UPDATE_TYPES=1 writes it anew: {}", file.display());
    }
}
