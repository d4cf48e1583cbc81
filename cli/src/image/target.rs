//! The file that a picture is written to: whole or not at all, and never over another one unless that
//! was asked for.

use std::{
    io::{ErrorKind as IoKind, Write},
    path::{Path, PathBuf},
};

use tempfile::NamedTempFile;

use crate::output::Failure;

/// The name where none is given, and how many of its kind are tried.
const NAME: &str = "image";
const TRIES: u32 = 10_000;

/// A place that can be written to.
#[derive(Debug)]
pub(super) struct Target {
    /// The file asked for; `None` takes the first free name.
    file: Option<PathBuf>,
    force: bool,
    /// Beside the file to be: it takes its place at the end.
    draft: NamedTempFile,
}

impl Target {
    /// Makes sure that the file can be made.
    pub(super) fn new(file: Option<PathBuf>, force: bool) -> Result<Self, Failure> {
        if let Some(file) = file.as_deref().filter(|file| file.exists() && !force) {
            return Err(taken(file));
        }
        let folder = file.as_deref().and_then(Path::parent).unwrap_or(Path::new(""));
        let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
        let mut builder = tempfile::Builder::new();
        builder.prefix(".blockrun-").suffix(".part");
        // A picture is no secret: who may see it is for the account to say, not for us.
        #[cfg(unix)]
        builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
        let draft = builder.tempfile_in(folder).map_err(|cause| {
            Failure::usage(format!("{} cannot be written to: {cause}", folder.display()))
        })?;
        Ok(Self { file, force, draft })
    }

    /// Writes the picture and says where it is.
    pub(super) fn write(mut self, picture: &[u8]) -> Result<PathBuf, Failure> {
        let written = self.draft.write_all(picture).and_then(|()| self.draft.as_file().sync_all());
        written.map_err(|cause| {
            Failure::other(format!("the picture is paid for and could not be written: {cause}"))
        })?;
        let Some(file) = self.file else { return first_free(self.draft) };
        let kept = match self.force {
            true => self.draft.persist(&file),
            false => self.draft.persist_noclobber(&file),
        };
        match kept {
            Ok(_) => Ok(file),
            // Somebody was faster, after the look at the beginning. What is paid for is not thrown away.
            Err(lost) if lost.error.kind() == IoKind::AlreadyExists => first_free(lost.file),
            Err(lost) => Err(unkept(&file, &lost.error)),
        }
    }
}

fn first_free(mut draft: NamedTempFile) -> Result<PathBuf, Failure> {
    for number in 1..TRIES {
        let name = match number {
            1 => format!("{NAME}.png"),
            number => format!("{NAME}-{number}.png"),
        };
        let file = PathBuf::from(name);
        match draft.persist_noclobber(&file) {
            Ok(_) => return Ok(file),
            Err(lost) if lost.error.kind() == IoKind::AlreadyExists => draft = lost.file,
            Err(lost) => return Err(unkept(&file, &lost.error)),
        }
    }
    Err(Failure::other(format!(
        "{NAME}-2.png to {NAME}-{TRIES}.png are all taken; name one with -o"
    )))
}

fn taken(file: &Path) -> Failure {
    let problem = "is there already; --force writes over it, -o names another";
    Failure::usage(format!("{} {problem}", file.display()))
}

fn unkept(file: &Path, cause: &std::io::Error) -> Failure {
    let file = file.display();
    Failure::other(format!("the picture is paid for and could not be kept as {file}: {cause}"))
}
