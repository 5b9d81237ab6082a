//! The text of a PDF: `pdftotext` (poppler), in the same sandbox as ffmpeg.
//!
//! A PDF is a program's worth of formats in one file, and its readers have had faults as long as they
//! exist. So it is read as media is: by a child that can reach nothing but this one file, with limits
//! on time and memory. Where `pdftotext` is not installed, the case goes on without the text.
//! Cannot: read pages that are pictures.

use std::path::{Path, PathBuf};

use crate::child::{self, Complaints, Outputs, Run};
use crate::door::this_program;
use crate::ffmpeg::Tool;
use crate::keeper::Plan;
use crate::source_file::SourceFile;
use crate::{Error, Limits};

/// Of text; two thousand pages have some 6 MB.
const TEXT_BYTES_MAX: usize = 64 << 20;

/// Processor time for one document, seconds: two thousand pages take some 20.
const CPU_S: u64 = 300;

/// The only way from a PDF into Recount.
#[derive(Debug)]
pub struct Papers {
    limits: Limits,
    keeper: PathBuf,
    tool: Tool,
    libraries: Vec<PathBuf>,
    library_path: Option<String>,
}

impl Papers {
    /// Finds `pdftotext` on `PATH`; none where it is not installed.
    ///
    /// # Errors
    /// [`Error::NoKeeper`] when this program cannot start itself.
    pub fn open(limits: Limits) -> Result<Option<Self>, Error> {
        let keeper = match &limits.keeper {
            Some(path) => path.clone(),
            None => this_program()?,
        };
        let Ok(tool) = Tool::find("pdftotext") else { return Ok(None) };
        let library_path = std::env::var("LD_LIBRARY_PATH").ok();
        let libraries = tool.library_folders(library_path.as_deref());
        Ok(Some(Self { limits, keeper, tool, libraries, library_path }))
    }

    /// The text of a PDF; a form feed ends each page. `stop` is asked ten times a second.
    ///
    /// # Errors
    /// [`Error::Undecodable`] with what the reader says is wrong: a password, damage, too much text;
    /// those of opening a file; [`Error::Stopped`].
    pub fn text(&self, path: &Path, stop: &dyn Fn() -> bool) -> Result<String, Error> {
        let source = SourceFile::open(path)?;
        let arguments = ["-q", "-enc", "UTF-8", "-eol", "unix", "/proc/self/fd/0", "-"];
        let plan = Plan {
            program: self.tool.path.clone(),
            loader: self.tool.loader.clone(),
            libraries: self.libraries.clone(),
            library_path: self.library_path.clone(),
            arguments: arguments.map(str::to_owned).to_vec(),
            cpu_s: CPU_S,
            memory_bytes: self.limits.memory_bytes,
            parent: 0,
            pipes: Vec::new(),
            output: None,
            report: false,
        };
        let outputs = Outputs::new(1)
            .map_err(|source| Error::NoKeeper { keeper: self.keeper.clone(), source })?;
        let mut text = Vec::new();
        let mut take = |_: usize, bytes: &[u8], _: &Complaints| {
            text.extend_from_slice(bytes);
            if text.len() > TEXT_BYTES_MAX {
                return Err(source.undecodable("it has more text than any person wrote"));
            }
            Ok(())
        };
        let (keeper, media) = (self.keeper.as_path(), Some(&source.file));
        let ended =
            child::run(Run { keeper, plan, media, output: None, stop }, outputs, &mut take)?;
        source.still_the_same()?;
        if ended.status.success() {
            return Ok(String::from_utf8_lossy(&text).into_owned());
        }
        let why = if ended.complaints.mention("password") {
            "it is protected by a password".to_owned()
        } else if ended.status.code().is_none() {
            "its reader was ended: it takes more time or memory than a document may".to_owned()
        } else {
            format!("it is no whole PDF: {}", ended.complaints.summary())
        };
        Err(source.undecodable(why))
    }
}
