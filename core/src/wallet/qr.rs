//! Funding requests as QR codes. Needs the feature `qr`; phones draw their own.

use qrcode::{Color, EcLevel, QrCode};

use super::Funding;
use crate::error::{Error, ErrorKind, Result};

/// White around a code, in modules; readers want it.
const QUIET: usize = 4;
/// Pixels of a module in a picture.
const SCALE: usize = 8;

/// A code as a square of modules, with the white around it.
struct Modules {
    width: usize,
    dark: Vec<bool>,
}

impl Modules {
    fn of(text: &str) -> Result<Self> {
        let code = QrCode::with_error_correction_level(text, EcLevel::M)
            .map_err(|cause| Error::argument("text", &format!("has no QR code: {cause}")))?;
        let (inner, colors) = (code.width(), code.into_colors());
        let width = inner + 2 * QUIET;
        let mut dark = vec![false; width * width];
        for (row, modules) in colors.chunks(inner).enumerate() {
            for (column, color) in modules.iter().enumerate() {
                dark[(row + QUIET) * width + column + QUIET] = *color == Color::Dark;
            }
        }
        Ok(Self { width, dark })
    }

    fn is_dark(&self, row: usize, column: usize) -> bool {
        // Below the last row of an odd number of rows it is white.
        self.dark.get(row * self.width + column).copied().unwrap_or(false)
    }
}

impl Funding {
    /// The link as a QR code for a terminal: half blocks, two rows of modules in a line.
    ///
    /// Dark modules are drawn as blocks when `dark_blocks`, for dark ink on light paper; otherwise
    /// light ones are, for terminals that write light on dark.
    ///
    /// # Errors
    /// None that is known: every link fits a code.
    pub fn qr_text(&self, dark_blocks: bool) -> Result<String> {
        let modules = Modules::of(&self.uri())?;
        let mut text = String::new();
        for row in (0..modules.width).step_by(2) {
            for column in 0..modules.width {
                let ink = |row| modules.is_dark(row, column) == dark_blocks;
                text.push(match (ink(row), ink(row + 1)) {
                    (true, true) => '█',
                    (true, false) => '▀',
                    (false, true) => '▄',
                    (false, false) => ' ',
                });
            }
            text.push('\n');
        }
        Ok(text)
    }

    /// The link as a QR code in a PNG file, black on white.
    ///
    /// # Errors
    /// None that is known.
    pub fn qr_png(&self) -> Result<Vec<u8>> {
        let modules = Modules::of(&self.uri())?;
        let width = modules.width * SCALE;
        let mut pixels = vec![0; width * width.div_ceil(8)];
        for (row, line) in pixels.chunks_mut(width.div_ceil(8)).enumerate() {
            for column in (0..width).filter(|column| !modules.is_dark(row / SCALE, column / SCALE))
            {
                line[column / 8] |= 0x80 >> (column % 8);
            }
        }
        let mut file = Vec::new();
        let mut encoder = png::Encoder::new(&mut file, width as u32, width as u32);
        encoder.set_color(png::ColorType::Grayscale);
        encoder.set_depth(png::BitDepth::One);
        let written = encoder.write_header().and_then(|mut png| png.write_image_data(&pixels));
        written.map_err(|cause| {
            Error::new(ErrorKind::InvalidArgument, "the picture was not made").with_source(cause)
        })?;
        Ok(file)
    }
}
