//! Whisper, by whisper.cpp: what is said in up to thirty seconds of sound.
//!
//! In: sound of one window. Out: tokens with their moments, and how sure the whole is. The model
//! is loaded once; each recording gets a [`Hearing`] with memory of its own, so that recordings
//! are heard side by side, each on one thread: two threads on busy cores are slower than one.
//!
//! Moments come from aligning the text with what certain heads of the decoder looked at (dynamic
//! time warping, as Whisper's makers do it in `timing.py`), for models whose heads are known.

use std::ffi::{c_int, c_void};
use std::path::Path;
use std::sync::Once;

use whisper_rs::{
    DtwMode, DtwModelPreset, DtwParameters, FullParams, SamplingStrategy, WhisperContext,
    WhisperContextParameters, WhisperState,
};

use crate::Error;
use crate::model_file::{ModelKind, examine};
use crate::words::Token;

/// A model in memory.
pub struct Recogniser {
    context: WhisperContext,
    kind: ModelKind,
}

/// The memory of hearing one recording.
pub(crate) struct Hearing {
    state: WhisperState,
    prompt: Vec<c_int>,
    text_below: c_int,
}

/// What was understood of one window.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Understood {
    pub tokens: Vec<Token>,
    /// How likely it is that nobody speaks at all, 0 to 1.
    pub no_speech: f32,
}

/// What to expect of a recording.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Expected {
    /// The language (`en`, `nl`); nothing where it is to be found out.
    pub language: Option<String>,
    /// Names and jargon, which raises their chance; empty as a rule.
    pub prompt: String,
}

/// Bytes set aside for aligning one window; large models have 32 heads of 1500 by 448 numbers, a
/// few times over. What is not needed is never touched.
const ALIGNING_BYTES: usize = 1 << 29;

/// Tokens of a prompt that Whisper can take: half its memory, less one.
const PROMPT_TOKENS_MAX: usize = 223;

impl Recogniser {
    /// Loads a model. `name` tells the first large models apart (`large-v1`), which look alike.
    ///
    /// # Errors
    /// Those of [`examine`]; [`Error::OldProcessor`]; [`Error::Refused`].
    pub fn load(path: &Path, name: &str) -> Result<Self, Error> {
        static QUIET: Once = Once::new();
        // whisper.cpp would tell everything on standard error.
        QUIET.call_once(whisper_rs::install_logging_hooks);
        can_run()?;
        let kind = examine(path)?;
        let aligning = DtwParameters { mode: heads(&kind, name), dtw_mem_size: ALIGNING_BYTES };
        let mut parameters = WhisperContextParameters::default();
        parameters.dtw_parameters(aligning);
        let context = WhisperContext::new_with_params(path, parameters)
            .map_err(|_| Error::Refused { path: path.to_owned() })?;
        Ok(Self { context, kind })
    }

    /// What model it is.
    pub fn kind(&self) -> &ModelKind {
        &self.kind
    }

    /// The language as Whisper writes it (`en`), from that or its English name (`dutch`).
    ///
    /// # Errors
    /// [`Error::UnknownLanguage`], [`Error::EnglishOnly`].
    pub fn language(&self, asked: &str) -> Result<String, Error> {
        let asked_small = asked.trim().to_lowercase();
        let known = (0..=whisper_rs::get_lang_max_id()).filter_map(|id| {
            let (short, full) = (whisper_rs::get_lang_str(id)?, whisper_rs::get_lang_str_full(id)?);
            (asked_small == short || asked_small == full).then(|| short.to_owned())
        });
        let unknown = || Error::UnknownLanguage { asked: asked.to_owned() };
        let language = known.into_iter().next().ok_or_else(unknown)?;
        if self.kind.is_english && language != "en" {
            return Err(Error::EnglishOnly { asked: language });
        }
        Ok(language)
    }

    pub(crate) fn hearing(&self, prompt: &str) -> Result<Hearing, Error> {
        let state = self.context.create_state();
        let state = state.map_err(|_| Error::Failed { what: "for want of memory" })?;
        let mut tokens = Vec::new();
        if !prompt.trim().is_empty() {
            // As in running text, where words have a space before them.
            let text = format!(" {}", prompt.trim().replace('\0', ""));
            let found = self.context.tokenize(&text, text.len() + 16);
            tokens = found.map_err(|_| Error::Failed { what: "to read the prompt" })?;
            tokens.truncate(PROMPT_TOKENS_MAX);
        }
        Ok(Hearing { state, prompt: tokens, text_below: self.context.token_eot() })
    }
}

impl Hearing {
    /// How likely each language is in this sound, by the number of the language.
    pub fn languages(&mut self, sound: &[f32]) -> Result<Vec<f32>, Error> {
        let failed = |_| Error::Failed { what: "to tell the language" };
        self.state.pcm_to_mel(sound, 1).map_err(failed)?;
        Ok(self.state.lang_detect(0, 1).map_err(failed)?.1)
    }

    /// What is said in `sound`, at most 30 s of it.
    pub fn understand(
        &mut self,
        sound: &[f32],
        language: &str,
        stop: &dyn Fn() -> bool,
    ) -> Result<Understood, Error> {
        let mut parameters = FullParams::new(strategy());
        parameters.set_n_threads(1);
        parameters.set_language(Some(language));
        parameters.set_translate(false);
        // Each window by itself: what was misheard once is not carried on.
        parameters.set_no_context(true);
        parameters.set_no_timestamps(true);
        parameters.set_single_segment(true);
        parameters.set_suppress_blank(true);
        parameters.set_suppress_nst(true);
        parameters.set_print_progress(false);
        parameters.set_print_realtime(false);
        parameters.set_print_timestamps(false);
        parameters.set_print_special(false);
        // With times even where nothing is known of the model's heads.
        parameters.set_token_timestamps(true);
        parameters.set_tokens(&self.prompt);
        let asked: Asked = &stop;
        // SAFETY: `asked` outlives the call of `full` below, the only one that uses it, on this
        // very thread; and the function makes of the pointer what is made of it here.
        #[allow(unsafe_code, reason = "the safe way to be asked needs what lives for ever")]
        unsafe {
            parameters.set_abort_callback(Some(is_stopped));
            parameters.set_abort_callback_user_data((&raw const asked).cast_mut().cast::<c_void>());
        }
        let done = self.state.full(parameters, sound);
        if stop() {
            return Err(Error::Stopped);
        }
        done.map_err(|_| Error::Failed { what: "to make out what is said" })?;
        Ok(self.understood())
    }

    fn understood(&self) -> Understood {
        let mut understood = Understood::default();
        for segment in self.state.as_iter() {
            understood.no_speech = understood.no_speech.max(segment.no_speech_probability());
            let tokens = (0..segment.n_tokens()).filter_map(|n| segment.get_token(n));
            for token in tokens {
                let data = token.token_data();
                let Ok(bytes) = token.to_bytes() else { continue };
                if data.id >= self.text_below {
                    continue;
                }
                let end = if data.t_dtw >= 0 { data.t_dtw } else { data.t1 };
                understood.tokens.push(Token {
                    bytes: bytes.to_vec(),
                    // In hundredths of a second.
                    end_s: end.max(0) as f64 / 100.0,
                    likely: data.p,
                });
            }
        }
        understood
    }
}

/// The language of a number, and the likeliest of several.
pub(crate) fn likeliest(languages: &[f32]) -> Option<(&'static str, f32)> {
    let (id, likely) = languages.iter().enumerate().max_by(|a, b| a.1.total_cmp(b.1))?;
    Some((whisper_rs::get_lang_str(c_int::try_from(id).ok()?)?, *likely))
}

type Asked<'a> = &'a &'a dyn Fn() -> bool;

/// Asked by whisper.cpp between steps of its computation.
// SAFETY: whisper.cpp hands back the pointer that `understand` gave it, and nothing else calls this.
#[allow(unsafe_code, reason = "called by whisper.cpp with a bare pointer")]
unsafe extern "C" fn is_stopped(asked: *mut c_void) -> bool {
    // SAFETY: the pointer is to an `Asked` that lives, see `understand`.
    let asked = unsafe { *asked.cast_const().cast::<Asked<'_>>() };
    asked()
}

fn strategy() -> SamplingStrategy {
    SamplingStrategy::BeamSearch { beam_size: 5, patience: -1.0 }
}

/// The heads of the decoder that look where the words are.
fn heads(kind: &ModelKind, name: &str) -> DtwMode<'static> {
    use DtwModelPreset as Preset;
    let model_preset = match (kind.size, kind.is_english) {
        ("tiny", true) => Preset::TinyEn,
        ("tiny", false) => Preset::Tiny,
        ("base", true) => Preset::BaseEn,
        ("base", false) => Preset::Base,
        ("small", true) => Preset::SmallEn,
        ("small", false) => Preset::Small,
        ("medium", true) => Preset::MediumEn,
        ("medium", false) => Preset::Medium,
        ("large", _) if name.contains("v1") => Preset::LargeV1,
        ("large", _) => Preset::LargeV2,
        ("large-v3", _) => Preset::LargeV3,
        ("large-v3-turbo", _) => Preset::LargeV3Turbo,
        // Nobody has published which: all of the upper half.
        _ => return DtwMode::TopMost { n_top: (kind.text_layers / 2).max(1) },
    };
    DtwMode::ModelPreset { model_preset }
}

/// whisper.cpp is built for processors from 2013 on; on an older one it would crash.
fn can_run() -> Result<(), Error> {
    #[cfg(target_arch = "x86_64")]
    {
        let has = [
            ("AVX2", is_x86_feature_detected!("avx2")),
            ("FMA", is_x86_feature_detected!("fma")),
            ("F16C", is_x86_feature_detected!("f16c")),
            ("BMI2", is_x86_feature_detected!("bmi2")),
        ];
        if let Some((lacks, _)) = has.iter().find(|(_, is_there)| !is_there) {
            return Err(Error::OldProcessor { lacks });
        }
    }
    Ok(())
}
