//! The wallet home on a real disk: made once, never lost, never shown.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
    thread,
};

use blockrun_llm::{
    ClientOptions, Error, ErrorKind, LLMClient, Result,
    journal::JournalOptions,
    wallet::{Passphrase, SecretKey, WalletHome, write_key_file},
};
use tempfile::TempDir;

const KEY: &str = "0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80";
const ADDRESS: &str = "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266";

fn fresh() -> (TempDir, WalletHome) {
    let folder = tempfile::tempdir().unwrap();
    let home = WalletHome::new(folder.path().join("home"));
    (folder, home)
}

fn no_passphrase() -> Result<Option<Passphrase>> {
    Ok(None)
}

fn secret(byte: u8) -> SecretKey {
    SecretKey::from_bytes(&[byte; 32]).unwrap()
}

fn names(folder: &Path) -> BTreeSet<String> {
    let entries = fs::read_dir(folder).unwrap();
    entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

fn wallet_error<T: std::fmt::Debug>(outcome: Result<T>) -> Error {
    let error = outcome.unwrap_err();
    assert_eq!((error.kind(), error.field()), (ErrorKind::InvalidArgument, Some("wallet")));
    error
}

#[test]
fn a_wallet_is_made_once_and_then_found() {
    let (_folder, home) = fresh();
    assert_eq!(home.file().unwrap(), None);
    assert!(home.load(no_passphrase).unwrap().is_none());
    let (key, new) = home.get_or_create(no_passphrase).unwrap();
    assert!(new);
    let (again, new) = home.get_or_create(|| unreachable!("it is not encrypted")).unwrap();
    assert!(!new && again.address() == key.address());
    let file = home.file().unwrap().unwrap();
    assert_eq!((file.address, file.encrypted), (Some(key.address()), false));
    assert_eq!(*fs::read_to_string(&file.path).unwrap(), **key.expose_hex());
    assert_eq!(names(home.folder()), [".session", ".wallet.lock"].map(str::to_owned).into());
}

#[test]
fn of_twenty_at_once_one_makes_it() {
    let (_folder, home) = fresh();
    let makers: Vec<_> = (0..20)
        .map(|_| {
            let home = home.clone();
            thread::spawn(move || home.get_or_create(no_passphrase).unwrap())
        })
        .collect();
    let made: Vec<_> = makers.into_iter().map(|one| one.join().unwrap()).collect();
    assert_eq!(made.iter().filter(|(_, new)| *new).count(), 1);
    let address = made[0].0.address();
    assert!(made.iter().all(|(key, _)| key.address() == address));
    assert_eq!(home.load(no_passphrase).unwrap().unwrap().address(), address);
}

#[test]
fn it_is_never_overwritten_and_a_replaced_one_is_kept() {
    let (_folder, home) = fresh();
    home.create(&secret(1), None).unwrap();
    let error = wallet_error(home.create(&secret(2), None));
    assert!(error.message().contains("never overwritten"), "{error}");
    assert_eq!(home.load(no_passphrase).unwrap().unwrap().address(), secret(1).address());

    let mut kept = Vec::new();
    for byte in 2..5 {
        let (file, backups) = home.replace(&secret(byte), None).unwrap();
        assert_eq!(file.address, Some(secret(byte).address()));
        kept.extend(backups);
    }
    // Within a second, too, each has a name of its own.
    let texts: BTreeSet<_> = kept.iter().map(|path| fs::read_to_string(path).unwrap()).collect();
    let before: BTreeSet<_> = (1..4).map(|byte| secret(byte).expose_hex().to_string()).collect();
    assert_eq!(texts, before);
    let (_, kept) = home.replace(&secret(4), None).unwrap();
    assert_eq!(kept, Vec::<PathBuf>::new(), "the same key needs no copy");
}

#[test]
fn encryption_leaves_no_plain_key_and_goes_first() {
    let (_folder, home) = fresh();
    home.create(&secret(1), None).unwrap();
    let right = Passphrase::from("right");
    let (file, kept) = home.replace(&secret(1), Some(&right)).unwrap();
    assert!(file.encrypted && kept.is_empty());
    assert_eq!(names(home.folder()), ["keystore.json", ".wallet.lock"].map(str::to_owned).into());

    // Another program makes a wallet of its own beside it: it is not paid from that.
    write_key_file(&home.folder().join(".session"), &secret(2), None).unwrap();
    assert_eq!(home.file().unwrap().unwrap().address, Some(secret(1).address()));
    let key = home.load(|| Ok(Some(right.clone()))).unwrap().unwrap();
    assert_eq!(key.address(), secret(1).address());
    for (passphrase, says) in [(None, "BLOCKRUN_WALLET_PASSPHRASE"), (Some("wrong"), "not open")] {
        let error = home.load(|| Ok(passphrase.map(Passphrase::from))).unwrap_err();
        assert_eq!(error.field(), Some("passphrase"));
        assert!(error.message().contains(says), "{error}");
    }

    // Back to plain: both that give way are kept, since neither is this key in plain.
    let (file, kept) = home.replace(&secret(1), None).unwrap();
    assert!(!file.encrypted && kept.len() == 2, "{kept:?}");
    assert!(!names(home.folder()).contains("keystore.json"));
    assert_eq!(home.load(no_passphrase).unwrap().unwrap().address(), secret(1).address());
}

#[test]
fn a_broken_file_is_an_error_and_never_another_wallet() {
    let (_folder, home) = fresh();
    write_private(&home, "wallet.key", KEY);
    assert_eq!(home.file().unwrap().unwrap().address.unwrap().to_string(), ADDRESS);
    for (name, text) in [(".session", "0x12"), (".session", ""), ("keystore.json", "{}")] {
        write_private(&home, name, text);
        let error = home.load(no_passphrase).unwrap_err();
        assert!(error.message().contains(name) || name == "keystore.json", "{error}");
        assert!(home.get_or_create(no_passphrase).is_err(), "a broken wallet is not replaced");
        assert_eq!(fs::read_to_string(home.folder().join(name)).unwrap(), text);
    }
    let large = "0".repeat(100_000);
    fs::remove_file(home.folder().join("keystore.json")).unwrap();
    write_private(&home, ".session", &large);
    assert!(wallet_error(home.file()).message().contains("larger than any key file"));
}

#[test]
fn what_a_dead_process_left_half_written_is_removed() {
    let (_folder, home) = fresh();
    write_private(&home, "..session.0011223344556677.new", "0x1234");
    home.get_or_create(no_passphrase).unwrap();
    assert_eq!(names(home.folder()), [".session", ".wallet.lock"].map(str::to_owned).into());
}

#[test]
fn a_copy_is_never_written_over_something() {
    let (folder, _home) = fresh();
    let path = folder.path().join("copy.json");
    write_key_file(&path, &secret(1), Some(&"pass".into())).unwrap();
    let before = fs::read_to_string(&path).unwrap();
    assert!(!before.contains(&secret(1).expose_hex()[2..]));
    let error = write_key_file(&path, &secret(2), None).unwrap_err();
    assert_eq!(error.field(), Some("path"));
    assert_eq!(fs::read_to_string(&path).unwrap(), before);
    assert_eq!(names(folder.path()), ["copy.json".to_owned()].into(), "nothing is left beside it");
    assert!(write_key_file(&folder.path().join("no/folder"), &secret(2), None).is_err());
}

#[test]
fn an_agent_gets_a_wallet_once() {
    let (_folder, home) = fresh();
    let options = || ClientOptions {
        journal: JournalOptions { home: Some(home.folder().to_owned()), ..Default::default() },
        api_url: Some("http://127.0.0.1:1/api".to_owned()),
        ..ClientOptions::default()
    };
    let error = LLMClient::with_options(options()).unwrap_err();
    assert!(error.message().contains("wallet create"), "{error}");
    let first = LLMClient::setup_agent_wallet(options()).unwrap();
    let key = home.load(no_passphrase).unwrap().unwrap();
    assert_eq!(first.client.address(), Some(key.address()));
    let welcome = first.welcome.unwrap();
    assert!(
        welcome.contains(&key.address().to_string()) && welcome.contains("faucet"),
        "{welcome}"
    );
    assert!(!welcome.contains(&key.expose_hex()[2..]));
    let second = LLMClient::setup_agent_wallet(options()).unwrap();
    assert_eq!((second.client.address(), second.welcome), (Some(key.address()), None));
    // From now on every client of this home finds it; what is given goes first.
    let found = LLMClient::with_options(options()).unwrap();
    assert_eq!(found.address(), Some(key.address()));
    let given = ClientOptions { private_key: Some(KEY.into()), ..options() };
    assert_eq!(LLMClient::with_options(given).unwrap().address().unwrap().to_string(), ADDRESS);
    let account = ClientOptions { private_key: Some("brk_test".into()), ..options() };
    let account = LLMClient::setup_agent_wallet(account).unwrap();
    assert!(account.client.address().is_none() && account.welcome.is_none());
    assert!(account.client.funding(None).is_err());
    assert!(found.funding(None).unwrap().uri().contains(&key.address().to_string()));
}

/// A file as another program leaves it: private, without our way of writing.
fn write_private(home: &WalletHome, name: &str, text: &str) {
    fs::create_dir_all(home.folder()).unwrap();
    let path = home.folder().join(name);
    fs::write(&path, text).unwrap();
    #[cfg(unix)]
    modes::set(&path, 0o600);
}

#[cfg(unix)]
mod modes {
    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::*;

    pub(super) fn set(path: &Path, mode: u32) {
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    }

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().permissions().mode() & 0o7777
    }

    #[test]
    fn folder_and_files_are_the_owners_only() {
        let (_folder, home) = fresh();
        home.create(&secret(1), None).unwrap();
        home.replace(&secret(2), Some(&"x".into())).unwrap();
        assert_eq!(mode(home.folder()), 0o700);
        for name in names(home.folder()) {
            assert_eq!(mode(&home.folder().join(&name)), 0o600, "{name}");
        }
        assert_eq!(names(home.folder()).len(), 3, "keystore, lock, backup");
    }

    #[test]
    fn a_key_that_others_could_read_or_change_is_refused_with_the_way_out() {
        let (_folder, home) = fresh();
        home.create(&secret(1), None).unwrap();
        let path = home.folder().join(".session");
        for bits in [0o644, 0o640, 0o604, 0o620, 0o601] {
            set(&path, bits);
            let error = wallet_error(home.load(no_passphrase));
            assert!(error.message().contains(&format!("chmod 600 {}", path.display())), "{error}");
            assert!(home.get_or_create(no_passphrase).is_err());
        }
        set(&path, 0o400);
        assert!(home.load(no_passphrase).is_ok(), "less than 0600 is fine");
        set(home.folder(), 0o777);
        assert!(wallet_error(home.file()).message().contains("chmod o-w"));
        for bits in [0o1777, 0o755, 0o775] {
            set(home.folder(), bits);
            assert!(home.file().is_ok(), "{bits:o}");
        }
    }

    #[test]
    fn a_link_or_a_folder_in_its_place_is_refused() {
        let (folder, home) = fresh();
        let elsewhere = folder.path().join("elsewhere");
        write_key_file(&elsewhere, &secret(1), None).unwrap();
        fs::create_dir(home.folder()).unwrap();
        let path = home.folder().join(".session");
        symlink(&elsewhere, &path).unwrap();
        assert!(wallet_error(home.file()).message().contains("not a plain file"));
        assert!(home.replace(&secret(2), None).is_err());
        fs::remove_file(&path).unwrap();
        symlink(folder.path().join("nowhere"), &path).unwrap();
        assert!(home.create(&secret(2), None).is_err(), "not even one that leads nowhere");
        fs::remove_file(&path).unwrap();
        fs::create_dir(&path).unwrap();
        assert!(wallet_error(home.file()).message().contains("not a plain file"));
    }
}

#[cfg(feature = "qr")]
mod pictures {
    use blockrun_llm::{Usdc, networks::BASE, wallet::Funding};

    /// What a phone reads is the link; read back by another library.
    #[test]
    fn a_code_says_the_link() {
        let address = super::secret(1).address();
        for amount in [None, Some(Usdc::from_micro(1)), Some(Usdc::from_micro(u128::MAX))] {
            let funding = Funding { address, network: &BASE, amount };
            assert_eq!(read_png(&funding.qr_png().unwrap()), funding.uri());
            for dark_blocks in [true, false] {
                let text = funding.qr_text(dark_blocks).unwrap();
                assert_eq!(read_blocks(&text, dark_blocks), funding.uri());
            }
        }
    }

    fn decoded(width: usize, height: usize, dark: impl Fn(usize, usize) -> bool) -> String {
        let gray = |x, y| if dark(x, y) { 0 } else { 255 };
        let mut image = rqrr::PreparedImage::prepare_from_greyscale(width, height, gray);
        let grids = image.detect_grids();
        assert_eq!(grids.len(), 1);
        grids[0].decode().unwrap().1
    }

    fn read_png(file: &[u8]) -> String {
        let mut decoder = png::Decoder::new(std::io::Cursor::new(file));
        decoder.set_transformations(png::Transformations::EXPAND);
        let mut reader = decoder.read_info().unwrap();
        let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
        let info = reader.next_frame(&mut pixels).unwrap();
        let (width, line) = (info.width as usize, info.line_size);
        decoded(width, width, |x, y| pixels[y * line + x] < 128)
    }

    /// Each character is two modules, of 4 pixels here.
    fn read_blocks(text: &str, dark_blocks: bool) -> String {
        let lines: Vec<Vec<char>> = text.lines().map(|line| line.chars().collect()).collect();
        let (width, height) = (lines[0].len(), lines.len() * 2);
        decoded(width * 4, height * 4, |x, y| {
            let (x, y) = (x / 4, y / 4);
            let ink = match lines[y / 2][x] {
                '█' => true,
                '▀' => y % 2 == 0,
                '▄' => y % 2 == 1,
                _ => false,
            };
            ink == dark_blocks
        })
    }
}
