//! Files that only their owner may read: written whole or not at all, never over another.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, ErrorKind as IoKind, Read, Write},
    path::{Path, PathBuf},
};

use zeroize::Zeroizing;

use crate::{
    clock::random_bytes,
    error::{Error, Result},
};

/// Larger than any key file, smaller than any mistake.
const MAX_SIZE: u64 = 64 * 1024;
/// How the names of files under way end; they begin with a point.
const UNDER_WAY: &str = ".new";
/// Held by whoever changes the key files of a folder.
const LOCK: &str = ".wallet.lock";

/// Makes a folder and those above it, for their owner only. One that is there stays as it is.
pub(crate) fn create_folder(folder: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

/// Makes an empty file for its owner only; `AlreadyExists` where something is.
pub(crate) fn create_file(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.create_new(true).write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

/// A folder whose key files nobody else changes meanwhile: no thread, and no process of ours.
#[derive(Debug)]
pub(super) struct Locked {
    folder: PathBuf,
    // Released when closed, by death too.
    _lock: File,
}

impl Locked {
    /// Makes the folder if there is none, waits for its lock, and removes what processes left behind
    /// that died while they wrote.
    pub(super) fn take(folder: &Path) -> io::Result<Self> {
        create_folder(folder)?;
        let path = folder.join(LOCK);
        let made = create_file(&path);
        let lock = match made {
            Err(cause) if cause.kind() == IoKind::AlreadyExists => {
                OpenOptions::new().write(true).open(&path)?
            }
            made => made?,
        };
        lock.lock()?;
        let locked = Self { folder: folder.to_owned(), _lock: lock };
        locked.tidy()?;
        Ok(locked)
    }

    /// Writes a file that is not there yet; `AlreadyExists` where one is.
    pub(super) fn write_new(&self, name: &str, text: &str) -> io::Result<()> {
        write_new(&self.folder.join(name), text)
    }

    /// Writes a file over one that is there. At every moment there is the old or the new one.
    pub(super) fn replace(&self, name: &str, text: &str) -> io::Result<()> {
        let path = self.folder.join(name);
        let under_way = write_beside(&path, text)?;
        fs::rename(under_way, &path)?;
        sync(&path)
    }

    fn tidy(&self) -> io::Result<()> {
        for entry in fs::read_dir(&self.folder)? {
            let name = entry?.file_name();
            let ours = name
                .to_str()
                .is_some_and(|name| name.starts_with('.') && name.ends_with(UNDER_WAY));
            if ours {
                fs::remove_file(self.folder.join(name))?;
            }
        }
        Ok(())
    }
}

/// Writes a file that is not there yet; `AlreadyExists` where one is. It appears whole, on disk and
/// readable by its owner only, or not at all.
pub(super) fn write_new(path: &Path, text: &str) -> io::Result<()> {
    let under_way = write_beside(path, text)?;
    let moved = move_new(&under_way, path);
    if moved.is_err() {
        // What is told is why it could not be moved.
        let _ = fs::remove_file(&under_way);
    }
    moved?;
    sync(path)
}

/// A finished file beside the one that it is to become.
fn write_beside(path: &Path, text: &str) -> io::Result<PathBuf> {
    let random: [u8; 8] = random_bytes().map_err(io::Error::other)?;
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let name = format!(".{name}.{}{UNDER_WAY}", alloy::hex::encode(random));
    let beside = path.with_file_name(name);
    let mut file = create_file(&beside)?;
    let written = file.write_all(text.as_bytes()).and_then(|()| file.sync_all());
    match written {
        Ok(()) => Ok(beside),
        Err(cause) => {
            // What is told is why it could not be written.
            let _ = fs::remove_file(&beside);
            Err(cause)
        }
    }
}

/// Renames a file to a name that is free, in one step that other processes cannot come between.
fn move_new(from: &Path, to: &Path) -> io::Result<()> {
    #[cfg(any(target_os = "linux", target_os = "android", target_vendor = "apple"))]
    {
        use rustix::{
            fs::{CWD, RenameFlags, renameat_with},
            io::Errno,
        };
        match renameat_with(CWD, from, CWD, to, RenameFlags::NOREPLACE) {
            // File systems that cannot do it.
            Err(Errno::INVAL | Errno::NOSYS | Errno::NOTSUP) => {}
            moved => return Ok(moved?),
        }
    }
    // Also fails where something is.
    fs::hard_link(from, to)?;
    fs::remove_file(from)
}

/// Makes the name of a file as lasting as its content.
fn sync(path: &Path) -> io::Result<()> {
    match path.parent() {
        #[cfg(unix)]
        Some(folder) => {
            let here = Path::new(".");
            File::open(if folder.as_os_str().is_empty() { here } else { folder })?.sync_all()
        }
        _ => Ok(()),
    }
}

/// Reads a file with a secret; `None` where there is none.
///
/// As ssh does with its keys, it refuses one that others may read or change: by the mode of the file,
/// its owner, a folder that everybody may write to, or a symbolic link. Only on Unix: elsewhere the
/// account's own folder is taken to be private.
pub(super) fn read(path: &Path) -> Result<Option<Zeroizing<String>>> {
    let unusable =
        |problem: &str| Error::argument("wallet", &format!("{} {problem}", path.display()));
    let unreadable = |cause: io::Error| unusable(&format!("cannot be read: {cause}"));
    let found = match fs::symlink_metadata(path) {
        Err(cause) if cause.kind() == IoKind::NotFound => return Ok(None),
        found => found.map_err(unreadable)?,
    };
    if !found.is_file() {
        return Err(unusable(
            "is not a plain file; put the key file itself there, or set BLOCKRUN_HOME to its folder",
        ));
    }
    let file = open(path).map_err(unreadable)?;
    if let Some(problem) = exposed(&file, path).map_err(unreadable)? {
        return Err(unusable(&problem));
    }
    whole(file).map(Some).map_err(unreadable)
}

/// The whole of a small text file, in memory that is zeroized.
pub(super) fn whole(file: File) -> io::Result<Zeroizing<String>> {
    // With room for all of it from the start, growing leaves no copies behind.
    let mut text = Zeroizing::new(String::with_capacity(MAX_SIZE as usize + 1));
    file.take(MAX_SIZE + 1).read_to_string(&mut text)?;
    if text.len() as u64 > MAX_SIZE {
        return Err(io::Error::new(IoKind::FileTooLarge, "it is larger than any key file"));
    }
    Ok(text)
}

#[cfg(unix)]
fn open(path: &Path) -> io::Result<File> {
    use std::os::unix::fs::OpenOptionsExt;

    use rustix::fs::OFlags;
    // It may have been replaced since it was looked at: by a link, or by a pipe that never answers.
    let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK;
    OpenOptions::new().read(true).custom_flags(flags.bits() as i32).open(path)
}

#[cfg(not(unix))]
fn open(path: &Path) -> io::Result<File> {
    File::open(path)
}

/// Who besides the owner could get at an open file, and what to do about it.
#[cfg(unix)]
fn exposed(file: &File, path: &Path) -> io::Result<Option<String>> {
    use std::os::unix::fs::MetadataExt;

    let (metadata, own) = (file.metadata()?, rustix::process::geteuid());
    if !own.is_root() && metadata.uid() != own.as_raw() {
        let owner = metadata.uid();
        return Ok(Some(format!("belongs to another account (uid {owner}); chown it to yours")));
    }
    let mode = metadata.mode() & 0o777;
    if mode & 0o077 != 0 {
        return Ok(Some(format!(
            "can be read or changed by others (mode {mode:03o}); if the key may still be trusted: \
             chmod 600 {}",
            path.display()
        )));
    }
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let folder = folder.unwrap_or(Path::new("."));
    let mode = fs::metadata(folder)?.mode();
    let (everybody, sticky) = (mode & 0o002 != 0, mode & 0o1000 != 0);
    Ok((everybody && !sticky)
        .then(|| format!("could be replaced by anybody: chmod o-w {}", folder.display())))
}

#[cfg(not(unix))]
fn exposed(_: &File, _: &Path) -> io::Result<Option<String>> {
    Ok(None)
}
